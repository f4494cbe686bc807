//! Renders problems for people: the file, the position, the source line, what was expected and what to do.

use std::fmt;
use std::io::IsTerminal;
use std::ops::Range;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, Severity, SourceCode, SourceSpan, SpanContents,
};

use crate::printable::escaped;
use crate::problem::Problem;
use crate::spec::locate::Locator;
use crate::spec::source::{Positions, Source};

/// Characters of a source line that are shown on either side of the position: a minified document is one line.
const CONTEXT_WIDTH: usize = 60;

/// A problem in a file, with the source line it refers to.
#[derive(Debug, Clone)]
pub struct Report {
    file: String,
    problem: Problem,
    offset: Option<usize>,
    snippet: Option<Snippet>,
    severity: Severity,
}

impl Report {
    /// Reports a problem in `source`, located by its pointer.
    pub fn new(problem: Problem, source: &Source) -> Self {
        Self::located(problem, source, &Locator::new(source))
    }

    /// Reports several problems in `source`.
    pub fn all(problems: Vec<Problem>, source: &Source) -> Vec<Self> {
        let locator = Locator::new(source);
        problems
            .into_iter()
            .map(|problem| Self::located(problem, source, &locator))
            .collect()
    }

    fn located(problem: Problem, source: &Source, locator: &Locator<'_>) -> Self {
        let mut report = Self::of_file(&source.name, problem);
        if let Some(at) = locator.find(&report.problem.pointer) {
            let label = (!at.exact).then_some("the nearest place in this file");
            report.offset = Some(at.span.start);
            report.snippet = Some(Snippet::new(source, locator.positions(), at.span, label));
        }
        report
    }

    /// Reports a problem at a byte offset of `source`.
    pub fn at_offset(problem: Problem, source: &Source, offset: usize) -> Self {
        let offset = offset.min(source.text.len());
        let mut report = Self::of_file(&source.name, problem);
        report.offset = Some(offset);
        let positions = Positions::new(&source.text);
        report.snippet = Some(Snippet::new(source, &positions, offset..offset, None));
        report
    }

    /// Reports a problem with a whole file or folder.
    pub fn of_file(name: &str, problem: Problem) -> Self {
        Self {
            file: name.to_owned(),
            problem,
            offset: None,
            snippet: None,
            severity: Severity::Error,
        }
    }

    /// Reports a problem without a file, for example in the arguments.
    pub fn plain(problem: Problem) -> Self {
        Self::of_file("", problem)
    }

    /// Replaces the file name.
    #[must_use]
    pub fn renamed(mut self, file: &str) -> Self {
        file.clone_into(&mut self.file);
        self
    }

    /// Turns the report into a warning.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The byte offset in the file, if known.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// The problem.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)?;
        if self.snippet.is_none() && !self.file.is_empty() {
            write!(f, "\nin {}", self.file)?;
        }
        if !self.problem.pointer.is_empty() {
            write!(f, "\nat {}", escaped(&self.problem.pointer, &[]))?;
        }
        if let Some(expected) = &self.problem.expected {
            write!(f, "\nexpected {expected}")?;
        }
        if let Some(found) = &self.problem.found {
            write!(f, "\nfound {found}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.problem
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet
            .as_ref()
            .map(|snippet| snippet as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let snippet = self.snippet.as_ref()?;
        let label = LabeledSpan::new_primary_with_span(
            snippet.label.map(str::to_owned),
            snippet.span.clone(),
        );
        Some(Box::new(std::iter::once(label)))
    }
}

/// The excerpt of one source line that is shown.
#[derive(Debug, Clone)]
struct Snippet {
    name: String,
    text: String,
    line: usize,
    column: usize,
    span: Range<usize>,
    label: Option<&'static str>,
}

impl Snippet {
    fn new(
        source: &Source,
        positions: &Positions<'_>,
        span: Range<usize>,
        label: Option<&'static str>,
    ) -> Self {
        let (line, column) = positions.position(span.start);
        let text = &source.text;
        let (start, end) = positions.line_of(span.start);
        // Only the first line of a span is shown, truncated on both sides.
        let from = text[start..span.start]
            .char_indices()
            .rev()
            .nth(CONTEXT_WIDTH - 1)
            .map_or(start, |(at, _)| start + at);
        let to = text[span.start..end]
            .char_indices()
            .nth(CONTEXT_WIDTH)
            .map_or(end, |(at, _)| span.start + at);
        let mut shown = String::new();
        if from > start {
            shown.push_str("...");
        }
        let before = shown.len() + span.start - from;
        shown.push_str(text[from..to].trim_end_matches('\r'));
        let marked = before..(before + span.len()).min(shown.len());
        if to < end {
            shown.push_str("...");
        }
        // A tab or a control character would misalign the marker below the line.
        let shown: String = shown
            .chars()
            .map(|c| if c.is_ascii_control() { ' ' } else { c })
            .collect();
        Self {
            name: source.name.clone(),
            text: shown,
            line: line - 1,
            column: column - 1,
            span: marked,
            label,
        }
    }
}

impl SourceCode for Snippet {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            self.text.as_bytes(),
            SourceSpan::from(0..self.text.len()),
            self.line,
            self.column,
            1,
        )))
    }
}

/// How reports are rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// ASCII without colours: for files, pipes and logs.
    Plain,
    /// Unicode lines without colours.
    Unicode,
    /// Unicode lines and colours.
    Colour,
}

impl Style {
    /// Chooses a style for standard error: depends on whether it is a terminal, and on `NO_COLOR`.
    pub fn of_stderr() -> Self {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match (std::io::stderr().is_terminal(), no_colour) {
            (false, _) => Self::Plain,
            (true, true) => Self::Unicode,
            (true, false) => Self::Colour,
        }
    }

    fn theme(self) -> GraphicalTheme {
        match self {
            Self::Plain => GraphicalTheme::none(),
            Self::Unicode => GraphicalTheme::unicode_nocolor(),
            Self::Colour => GraphicalTheme::unicode(),
        }
    }
}

/// Renders reports, sorted by file and position. Several reports are followed by their number.
pub fn render(reports: &[Report], style: Style) -> String {
    let handler = GraphicalReportHandler::new_themed(style.theme())
        // A wrapped command or path could not be copied, and terminals wrap by themselves.
        .with_wrap_lines(false)
        .with_links(false);
    let mut ordered: Vec<&Report> = reports.iter().collect();
    ordered.sort_by_key(|report| (&report.file, report.offset));
    let mut text = String::new();
    for report in ordered {
        // Writing to a string does not fail; the fallback keeps the report if rendering fails.
        if handler.render_report(&mut text, report).is_err() {
            text.push_str(&format!("{report}\n"));
        }
    }
    let count = |severity| {
        reports
            .iter()
            .filter(|report| report.severity == severity)
            .count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if errors + warnings > 1 {
        let parts: Vec<String> = [(errors, "problem"), (warnings, "warning")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| format!("{number} {word}{}", if number == 1 { "" } else { "s" }))
            .collect();
        text.push_str(&format!("\n{}\n", parts.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::source::Format;

    fn source(text: &str, format: Format) -> Source {
        Source {
            name: "api.yaml".into(),
            text: text.into(),
            format,
        }
    }

    #[test]
    fn report_contains_file_line_pointer_and_help() {
        let source = source(
            "paths:\n  /members:\n    get:\n      style: deep\n",
            Format::Yaml,
        );
        let problem = Problem::at("/paths/~1members/get/style", "unknown style")
            .expected("form")
            .found("deep")
            .help("take another");
        insta::assert_snapshot!(render(&[Report::new(problem, &source)], Style::Plain), @r#"
         x unknown style
         | at /paths/~1members/get/style
         | expected form
         | found deep
          ,-[api.yaml:4:7]
        4 |       style: deep
          :       ^^^^^
          `----
         help: take another
        "#);
    }

    #[test]
    fn minified_line_is_truncated_around_the_position() {
        let many: Vec<String> = (0..100_000).map(|n| format!("\"k{n}\":{n}")).collect();
        let source = source(&format!("{{{}}}", many.join(",")), Format::Json);
        let problem = Problem::at("/k50000", "wrong");
        insta::assert_snapshot!(render(&[Report::new(problem, &source)], Style::Plain), @r#"
         x wrong
         | at /k50000
          ,-[api.yaml:1:727782]
        1 | ..."k49996":49996,"k49997":49997,"k49998":49998,"k49999":49999,"k50000":50000,"k50001":50001,"k50002":50002,"k50003":50003,...
          :                                                                ^^^^^^^^
          `----
        "#);
    }

    #[test]
    fn several_reports_are_sorted_by_position() {
        let source = source("a: 1\nb: 2\n", Format::Yaml);
        let reports = [
            Report::new(Problem::at("/b", "second"), &source),
            Report::new(Problem::at("/a/none", "first"), &source),
            Report::new(Problem::at("", "whole"), &source).as_warning(),
        ];
        insta::assert_snapshot!(render(&reports, Style::Plain), @r#"
          ! whole
          | in api.yaml
          x first
          | at /a/none
           ,-[api.yaml:1:1]
         1 | a: 1
           : |
           : `-- the nearest place in this file
           `----
          x second
          | at /b
           ,-[api.yaml:2:1]
         2 | b: 2
           : ^
           `----

        2 problems, 1 warning
        "#);
    }
}
