//! An invertible permutation of numbers, which makes ids look random.

/// An odd factor, so that multiplication is invertible.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Multiplicative inverse of `FACTOR` modulo 2^64.
const INVERSE_FACTOR: u64 = inverse(FACTOR);

const fn inverse(odd: u64) -> u64 {
    // Newton's iteration doubles the number of correct bits, starting with three.
    let mut inverse = odd;
    let mut round = 0;
    while round < 5 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
        round += 1;
    }
    inverse
}

/// A permutation of `u64` that depends on a seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeededPermutation {
    /// Derived from the seed, so that similar seeds produce unrelated keys.
    key: u64,
}

impl SeededPermutation {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            key: fastrand::Rng::with_seed(seed).u64(..),
        }
    }

    pub(crate) fn key(self) -> u64 {
        self.key
    }

    pub(crate) fn permute(self, number: u64) -> u64 {
        (number ^ self.key).wrapping_mul(FACTOR)
    }

    /// Inverse of [`permute`](Self::permute).
    pub(crate) fn invert(self, permuted: u64) -> u64 {
        permuted.wrapping_mul(INVERSE_FACTOR) ^ self.key
    }
}
