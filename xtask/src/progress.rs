//! What long work is at, on a terminal; nothing in a pipe.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A line on the terminal that says what is being done. It is gone when this is dropped.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins with nothing to say. indicatif draws on the standard error stream, and only where that is a terminal.
    pub fn start() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
            .with_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// Says what is being done now.
    pub fn at(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }

    /// Counts bytes from now on: as a bar where it is known how many will come.
    pub fn expect_bytes(&self, length: Option<u64>) {
        // The message comes last: it is what may be cut where the terminal is narrow.
        let template = match length {
            Some(_) => "[{bar:30}] {bytes}/{total_bytes} {msg}",
            None => "{spinner} {bytes} {msg}",
        };
        // A template that cannot be read would leave the line as it was.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style.progress_chars("=> "));
        }
        if let Some(length) = length {
            self.0.set_length(length);
        }
    }

    /// Says how many bytes have come.
    pub fn received(&self, bytes: u64) {
        self.0.set_position(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
