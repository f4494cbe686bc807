//! Patterns of the document, which are ECMA 262 regular expressions as JSON Schema requires.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use regress::{Error, Flags, Regex};

type Compiled = Result<Arc<Regex>, Error>;

/// Each pattern is compiled once. Patterns are constants of generated code, so their number is bounded.
static COMPILED: LazyLock<Mutex<HashMap<&'static str, Compiled>>> = LazyLock::new(Mutex::default);

/// Returns whether `text` matches, or an error if the pattern is invalid.
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

/// JSON Schema requires Unicode mode, which is stricter about escapes. A pattern that is invalid in it is compiled without.
fn compile(pattern: &str) -> Result<Regex, Error> {
    let unicode = Flags {
        unicode: true,
        ..Flags::default()
    };
    Regex::with_flags(pattern, unicode).or_else(|_| Regex::new(pattern))
}
