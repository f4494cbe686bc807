//! The review as one self-contained HTML page.

use serde_json::json;

use super::record::{Header, Row};
use crate::failure::Failure;

const TEMPLATE: &str = include_str!("page.html");

/// Where the header and the rows go.
const HEADER: &str = "{{header}}";
const ROWS: &str = "{{rows}}";

/// The parts of the page.
pub(crate) struct PageWriter {
    begin: String,
    end: &'static str,
}

impl PageWriter {
    pub(crate) fn new(header: &Header) -> Self {
        let (begin, end) = TEMPLATE.split_once(ROWS).unwrap_or((TEMPLATE, ""));
        let header = json!({
            "team": header.team,
            "at": header.at,
            "activity_since": header.activity_since,
        });
        Self {
            begin: begin.replace(HEADER, &escape(&header.to_string())),
            end,
        }
    }

    pub(crate) fn begin(&self) -> String {
        self.begin.clone()
    }

    /// A line of data.
    pub(crate) fn row(&self, row: &Row) -> Result<String, Failure> {
        let json =
            serde_json::to_string(row).map_err(|error| Failure::failed(error.to_string()))?;
        Ok(format!("{}\n", escape(&json)))
    }

    pub(crate) fn end(&self) -> &'static str {
        self.end
    }
}

/// JSON that cannot end the script element that contains it.
fn escape(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_leave_its_element() {
        let header = Header {
            team: "acme".to_owned(),
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            activity_since: None,
            activity: None,
        };
        let page = PageWriter::new(&header);
        let row = Row {
            name: "</script><script>alert(1)</script><!--".to_owned(),
            ..Row::default()
        };
        let line = page.row(&row).unwrap();
        assert!(!line.contains('<') && !line.contains('>'), "{line}");
        let read: Row = serde_json::from_str(&line).unwrap();
        assert_eq!(read, row);
        assert!(page.begin().contains("\"team\":\"acme\""));
        assert!(page.end().contains("</html>"));
    }

    #[test]
    fn page_loads_nothing() {
        assert!(!TEMPLATE.contains("http:") && !TEMPLATE.contains("https:"));
        assert!(!TEMPLATE.contains(" src=") && !TEMPLATE.contains("@import"));
        assert!(!TEMPLATE.contains("innerHTML"));
    }
}
