//! Progress on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress line on standard error, removed on drop. Nothing is drawn if standard error is not a terminal.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Starts without a message.
    pub fn start() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
            .with_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// Sets the message.
    pub fn at(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }

    /// Switches to counting bytes, with a bar if the length is known.
    pub fn expect_bytes(&self, length: Option<u64>) {
        // The message comes last, because a narrow terminal truncates the end.
        let template = match length {
            Some(_) => "[{bar:30}] {bytes}/{total_bytes} {msg}",
            None => "{spinner} {bytes} {msg}",
        };
        // The templates are valid; an invalid one would leave the line unchanged.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style.progress_chars("=> "));
        }
        if let Some(length) = length {
            self.0.set_length(length);
        }
    }

    /// Sets the number of bytes received so far.
    pub fn received(&self, bytes: u64) {
        self.0.set_position(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
