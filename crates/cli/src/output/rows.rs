//! Records as a table, JSON, NDJSON or CSV.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use console::Term;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Format, ended, printable};
use crate::failure::Failure;
use crate::names::near_matches;

/// Width of a table that is not written to a terminal.
const DEFAULT_WIDTH: u16 = 120;

/// Writes records. Formats other than tables are written at once, record by record.
pub(crate) struct Rows<W: Write> {
    columns: &'static [&'static str],
    /// Indices of the columns to write.
    shown: Vec<usize>,
    sink: Sink<W>,
}

enum Sink<W: Write> {
    Table(W, Box<Table>),
    Json(W, bool),
    Ndjson(W),
    Csv(Box<csv::Writer<W>>),
}

/// A record as a JSON object that keeps the order of the columns.
struct Object<'a> {
    columns: &'static [&'static str],
    shown: &'a [usize],
    cells: &'a [Value],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.shown.len()))?;
        for &index in self.shown {
            map.serialize_entry(self.columns[index], &self.cells[index])?;
        }
        map.end()
    }
}

impl<W: Write> Rows<W> {
    pub(crate) fn new(
        out: W,
        format: Format,
        columns: &'static [&'static str],
        wanted: Option<&[String]>,
    ) -> Result<Self, Failure> {
        let shown: Vec<usize> = match wanted {
            None => (0..columns.len()).collect(),
            Some(wanted) => wanted
                .iter()
                .map(|name| column(columns, name.trim()))
                .collect::<Result<_, _>>()?,
        };
        let header = shown.iter().map(|&index| columns[index]);
        let sink = match format {
            Format::Table => {
                let mut table = Table::new();
                table
                    .load_preset(presets::NOTHING)
                    .set_content_arrangement(ContentArrangement::Dynamic)
                    .set_width(width())
                    .set_header(header.map(|name| name.to_uppercase().replace('_', " ")));
                table.column_iter_mut().for_each(|column| {
                    column.set_padding((0, 2));
                });
                Sink::Table(out, Box::new(table))
            }
            Format::Json => Sink::Json(out, true),
            Format::Ndjson => Sink::Ndjson(out),
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                written(writer.write_record(header))?;
                Sink::Csv(Box::new(writer))
            }
        };
        Ok(Self {
            columns,
            shown,
            sink,
        })
    }

    /// Writes a record: one value per column.
    pub(crate) fn write<const N: usize>(&mut self, cells: [Value; N]) -> Result<(), Failure> {
        debug_assert_eq!(N, self.columns.len());
        let object = Object {
            columns: self.columns,
            shown: &self.shown,
            cells: &cells,
        };
        let texts = self.shown.iter().map(|&index| text(&cells[index]));
        match &mut self.sink {
            Sink::Table(_, table) => {
                table.add_row(texts.map(|text| printable(&text)));
                Ok(())
            }
            Sink::Json(out, is_first) => {
                let separator = if std::mem::take(is_first) {
                    "[\n  "
                } else {
                    ",\n  "
                };
                ended(write!(out, "{separator}{}", json(&object)?))
            }
            Sink::Ndjson(out) => ended(writeln!(out, "{}", json(&object)?)),
            Sink::Csv(writer) => written(writer.write_record(texts.map(csv_cell))),
        }
    }

    /// Writes what is left.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self.sink {
            Sink::Table(mut out, table) => {
                let lines = table.lines().map(|line| line.trim_end().to_owned());
                let text: Vec<String> = lines.collect();
                ended(writeln!(out, "{}", text.join("\n")).and_then(|()| out.flush()))
            }
            Sink::Json(mut out, true) => ended(writeln!(out, "[]").and_then(|()| out.flush())),
            Sink::Json(mut out, false) => ended(writeln!(out, "\n]").and_then(|()| out.flush())),
            Sink::Ndjson(mut out) => ended(out.flush()),
            Sink::Csv(mut writer) => ended(writer.flush()),
        }
    }
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::failed(error.to_string()))
}

fn written(result: csv::Result<()>) -> Result<(), Failure> {
    ended(result.map_err(io::Error::from))
}

fn column(columns: &[&str], name: &str) -> Result<usize, Failure> {
    let position = columns.iter().position(|column| *column == name);
    position.ok_or_else(|| {
        Failure::usage(format!(
            "--columns: expected some of {}, found `{name}`{}",
            columns.join(", "),
            near_matches(name, columns.iter().copied())
        ))
    })
}

/// A value in a cell: lists are separated by commas, null is empty.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A cell of a CSV file that a spreadsheet does not evaluate.
pub(crate) fn csv_cell(text: String) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text,
    }
}

/// `COLUMNS`, the width of the terminal, or a default.
fn width() -> u16 {
    let variable = std::env::var("COLUMNS").ok();
    let variable = variable.and_then(|columns| columns.parse().ok());
    variable
        .or_else(|| Term::stdout().size_checked().map(|(_, columns)| columns))
        .filter(|columns| *columns > 0)
        .unwrap_or(DEFAULT_WIDTH)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: &[&str] = &["email", "roles", "tag"];

    fn written_as(format: Format, columns: Option<&[String]>) -> String {
        let mut out = Vec::new();
        let mut rows = Rows::new(&mut out, format, COLUMNS, columns).unwrap();
        rows.write([json!("a@x.com"), json!(["r1", "r2"]), json!(null)])
            .unwrap();
        rows.write([json!("b\u{1b}[31m"), json!([]), json!("a,b")])
            .unwrap();
        rows.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn formats_have_the_same_records() {
        assert_eq!(
            written_as(Format::Ndjson, None),
            "{\"email\":\"a@x.com\",\"roles\":[\"r1\",\"r2\"],\"tag\":null}\n\
             {\"email\":\"b\\u001b[31m\",\"roles\":[],\"tag\":\"a,b\"}\n"
        );
        assert_eq!(
            written_as(Format::Csv, None),
            "email,roles,tag\na@x.com,\"r1, r2\",\nb\u{1b}[31m,,\"a,b\"\n"
        );
        let json: Value = serde_json::from_str(&written_as(Format::Json, None)).unwrap();
        assert_eq!(json[0]["roles"], json!(["r1", "r2"]));
        let table = written_as(Format::Table, None);
        assert!(
            table.contains("EMAIL") && table.contains("r1, r2"),
            "{table}"
        );
        assert!(!table.contains('\u{1b}'), "{table}");
    }

    #[test]
    fn formulas_are_not_evaluated_by_a_spreadsheet() {
        let mut out = Vec::new();
        let mut rows = Rows::new(&mut out, Format::Csv, COLUMNS, None).unwrap();
        rows.write([json!("=1+1"), json!(["@x"]), json!("a=b")])
            .unwrap();
        rows.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "email,roles,tag\n'=1+1,'@x,a=b\n");
    }

    #[test]
    fn columns_are_selected_and_ordered() {
        let columns = ["tag".to_owned(), "email".to_owned()];
        assert_eq!(
            written_as(Format::Csv, Some(&columns)),
            "tag,email\n,a@x.com\n\"a,b\",b\u{1b}[31m\n"
        );
        let unknown = ["emial".to_owned()];
        let failure = Rows::new(Vec::new(), Format::Csv, COLUMNS, Some(&unknown))
            .err()
            .unwrap();
        assert_eq!(
            failure.message(),
            "--columns: expected some of email, roles, tag, found `emial`; did you mean `email`?"
        );
    }
}
