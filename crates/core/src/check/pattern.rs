//! Patterns: the document's are ECMA 262, as JSON Schema demands.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use regress::{Error, Flags, Regex};

type Compiled = Result<Arc<Regex>, Error>;

/// Patterns come from generated constants, so their number is bounded and each is compiled once.
static COMPILED: LazyLock<Mutex<HashMap<&'static str, Compiled>>> = LazyLock::new(Mutex::default);

/// Whether `text` matches; an error if the pattern itself is wrong.
pub(super) fn matches(pattern: &'static str, text: &str) -> Result<bool, Error> {
    compiled(pattern).map(|regex| regex.find(text).is_some())
}

fn compiled(pattern: &'static str) -> Compiled {
    COMPILED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(pattern)
        .or_insert_with(|| compile(pattern).map(Arc::new))
        .clone()
}

/// JSON Schema asks for Unicode mode, which is stricter about escapes; patterns that were written without it in mind
/// are taken as they were meant.
fn compile(pattern: &str) -> Result<Regex, Error> {
    let unicode = Flags {
        unicode: true,
        ..Flags::default()
    };
    Regex::with_flags(pattern, unicode).or_else(|_| Regex::new(pattern))
}
