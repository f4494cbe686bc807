//! Numbers that look like chance and can be read back: what ids of populations are made of.

/// An odd number, so that multiplying by it can be undone.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// `FACTOR` times this is 1.
const INVERSE_FACTOR: u64 = inverse(FACTOR);

const fn inverse(odd: u64) -> u64 {
    // Newton's iteration doubles the number of right bits, of which the first three are right to begin with.
    let mut inverse = odd;
    let mut round = 0;
    while round < 5 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
        round += 1;
    }
    inverse
}

/// Tells numbers apart by a seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeededPermutation {
    /// Made of the seed, so that seeds that differ by little have nothing in common.
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

    /// The number that this was made of.
    pub(crate) fn invert(self, permuted: u64) -> u64 {
        permuted.wrapping_mul(INVERSE_FACTOR) ^ self.key
    }
}
