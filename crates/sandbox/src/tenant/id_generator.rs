//! Generation of ids from a seed.

/// Generates ids.
#[derive(Debug)]
pub(crate) struct IdGenerator(fastrand::Rng);

/// Letters and digits without ambiguous ones.
const BASE58_ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

impl IdGenerator {
    pub(super) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Generates an id: a prefix followed by `length` letters and digits.
    pub(crate) fn next(&mut self, prefix: &str, length: usize) -> String {
        let letters = std::iter::repeat_with(|| {
            char::from(BASE58_ALPHABET[self.0.usize(..BASE58_ALPHABET.len())])
        });
        prefix.chars().chain(letters.take(length)).collect()
    }
}
