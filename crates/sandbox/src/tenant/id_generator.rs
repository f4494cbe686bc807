//! Ids of what is created, which depend on the seed alone.

/// Makes ids.
#[derive(Debug)]
pub(crate) struct IdGenerator(fastrand::Rng);

/// Letters and digits without those that are taken for others.
const BASE58_ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

impl IdGenerator {
    pub(super) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// A new id: a prefix and so many letters and digits.
    pub(crate) fn next(&mut self, prefix: &str, length: usize) -> String {
        let letters = std::iter::repeat_with(|| {
            char::from(BASE58_ALPHABET[self.0.usize(..BASE58_ALPHABET.len())])
        });
        prefix.chars().chain(letters.take(length)).collect()
    }
}
