//! The part of an error message that comes from the server: truncated, on one line, without the secrets of the call.

use std::fmt;

use http::StatusCode;
use http::header::LOCATION;

use super::Error;
use crate::Problem;

/// The maximum number of characters of a text of the server.
const MAX_TEXT_LENGTH: usize = 300;

/// The maximum number of validation errors that are shown.
const MAX_VALIDATION_ERRORS: usize = 5;

impl Error {
    /// Writes the message of the server: kind, title, detail and validation errors, without repetitions.
    pub(super) fn fmt_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(problem) = self.problem() else {
            return Ok(());
        };
        let reason = self.status().and_then(|status| status.canonical_reason());
        let kind = problem.problem_type().or(problem.error_code());
        let title = problem.title().or(problem.error());
        let detail = problem.message().or(problem.detail());
        let detail = detail.or(problem.error_description());
        let mut shown_texts: Vec<String> = reason.map(str::to_owned).into_iter().collect();
        let mut write_once = |text: String| -> fmt::Result {
            let is_new = !text.is_empty()
                && !shown_texts
                    .iter()
                    .any(|shown| shown.eq_ignore_ascii_case(&text));
            if is_new {
                write!(f, ": {text}")?;
                shown_texts.push(text);
            }
            Ok(())
        };
        for text in [kind, title, detail].into_iter().flatten() {
            write_once(self.shown(text))?;
        }
        for error in problem
            .validation_errors()
            .iter()
            .take(MAX_VALIDATION_ERRORS)
        {
            let place = error.field().or(error.pointer());
            let texts = [place, error.detail()].into_iter().flatten();
            let texts: Vec<_> = texts.map(|text| self.shown(text)).collect();
            write_once(texts.join(": "))?;
        }
        match problem
            .validation_errors()
            .len()
            .saturating_sub(MAX_VALIDATION_ERRORS)
        {
            0 => Ok(()),
            more => write!(f, ": and {more} more"),
        }
    }

    /// Returns a text of the server on one line, with at most [`MAX_TEXT_LENGTH`] characters and redacted secrets.
    pub(super) fn shown(&self, text: &str) -> String {
        let text = self.0.history.redaction.apply(text);
        match text.char_indices().nth(MAX_TEXT_LENGTH) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    /// Writes the target of a redirect without user name, query and fragment, which may contain secrets.
    pub(super) fn fmt_redirect(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = self
            .headers()
            .filter(|_| self.status().is_some_and(|status| status.is_redirection()))
            .and_then(|headers| headers.get(LOCATION)?.to_str().ok());
        let base_url = self.0.history.base_url.as_deref();
        let Some(mut url) = location
            .zip(base_url)
            .and_then(|(location, base_url)| base_url.url().join(location).ok())
        else {
            return Ok(());
        };
        url.set_query(None);
        url.set_fragment(None);
        // Fails only for a URL that cannot have them.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        write!(
            f,
            ": redirected to {}, expected no redirect from the API: check the base URL",
            self.shown(url.as_str())
        )
    }

    /// Writes a hint for a 404 that does not seem to come from the API.
    pub(super) fn fmt_wrong_base_url(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_missing = matches!(
            self.status(),
            Some(StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
        );
        let is_api_error = self.problem().is_some_and(Problem::has_documented_members);
        if !is_missing || is_api_error || !self.body_is_complete() {
            return Ok(());
        }
        let base_url = self.0.history.base_url.as_deref();
        let Some(base_url) = base_url else {
            return Ok(());
        };
        write!(
            f,
            ": this is not an error of the API: check the base URL {}",
            base_url.display()
        )?;
        match base_url.template() {
            Some(template) => write!(f, ", expected one such as {template}"),
            None => Ok(()),
        }
    }
}

/// The `Debug` output of a problem: its kind, without details and with redacted secrets.
pub(super) struct ProblemSummary<'e>(pub(super) &'e Error, pub(super) &'e Problem);

impl fmt::Debug for ProblemSummary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error, problem) = self;
        let shown = |text: Option<&str>| text.map(|text| error.shown(text));
        f.debug_struct("Problem")
            .field("status", &problem.status())
            .field("type", &shown(problem.problem_type()))
            .field("title", &shown(problem.title()))
            .field("error", &shown(problem.error()))
            .field("error_code", &shown(problem.error_code()))
            .field("validation_errors", &problem.validation_errors().len())
            .finish_non_exhaustive()
    }
}
