//! Ids of what is created, which depend on the seed alone.

/// Makes ids.
#[derive(Debug)]
pub(crate) struct Names(fastrand::Rng);

/// Letters and digits without those that are taken for others.
const BASE_58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

impl Names {
    pub(super) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// A new id: a prefix and so many letters and digits.
    pub(crate) fn id(&mut self, prefix: &str, length: usize) -> String {
        let letters = std::iter::repeat_with(|| char::from(BASE_58[self.0.usize(..BASE_58.len())]));
        prefix.chars().chain(letters.take(length)).collect()
    }
}
