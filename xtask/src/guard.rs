//! Converts panics of libraries into problems.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::problem::Problem;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Runs `work` and converts a panic into a [`Problem`] with the name of the step (`what`), the panic message and its
/// source line. The panic prints nothing. The caller sets the pointer if it knows one.
pub fn guard<T>(what: &str, work: impl FnOnce() -> T) -> Result<T, Problem> {
    HOOK.call_once(|| {
        // One hook for the whole process that reads a flag of the thread. Swapping hooks around every call would
        // silence the panics of other threads.
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if GUARDED.get() {
                PLACE.set(info.location().map(|at| {
                    // The last three parts name the crate, its version and the file; the rest depends on the machine.
                    let parts: Vec<&str> = at.file().split(['/', '\\']).collect();
                    let shown = parts[parts.len().saturating_sub(3)..].join("/");
                    format!("{shown}:{}", at.line())
                }));
            } else {
                previous(info);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    result.map_err(|payload| {
        let place = PLACE.take().map_or_else(String::new, |at| format!(" ({at})"));
        Problem::at("", format!("{what} failed inside a library"))
            .found(format!("a panic: {}{place}", bounded(&text(payload.as_ref()))))
            .help("the document uses a construct that the library does not support; exclude the part with --include, or correct it with an overlay")
    })
}

fn text(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "no message".to_owned()
    }
}

/// Truncates a panic message, which may contain whole schemas.
fn bounded(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(200) {
        None => line,
        Some((at, _)) => format!("{}...", &line[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_becomes_a_problem_with_its_location() {
        let problem = guard("the test", || -> () {
            panic!("broken {}", "\n  pipe".repeat(100))
        })
        .expect_err("it panics");
        assert_eq!(problem.message, "the test failed inside a library");
        let found = problem.found.expect("what the panic said");
        assert!(found.starts_with("a panic: broken pipe pipe"), "{found}");
        assert!(found.contains("xtask/src/guard.rs:"), "{found}");
        assert!(found.len() < 300, "{found}");
    }

    #[test]
    fn result_is_returned_and_guards_can_be_nested() {
        let inner = guard("outer", || {
            guard("inner", || -> u8 { panic!("no") }).is_err()
        });
        assert_eq!(inner, Ok(true));
        assert!(guard("again", || -> u8 { panic!("no") }).is_err());
    }
}
