//! Writes the reports from the work file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::earlier::Earlier;
use super::findings::{RoleCounts, findings};
use super::page::PageWriter;
use super::record::{Header, Row};
use super::work_file::WorkFile;
use crate::failure::Failure;
use crate::files;
use crate::output::csv_cell;

/// The files to write.
#[derive(Default)]
pub(crate) struct Outputs {
    pub(crate) csv: Option<PathBuf>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) html: Option<PathBuf>,
}

/// Writes the reports, and passes every row to `each`. Returns the number of rows.
pub(crate) fn write(
    work: &WorkFile,
    header: &Header,
    outputs: &Outputs,
    mut earlier: Option<Earlier>,
    mut each: impl FnMut(&Row) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let mut counts = RoleCounts::default();
    work.members(|member| {
        counts.add(&member);
        Ok(())
    })?;
    let mut csv = outputs.csv.as_deref().map(CsvFile::create).transpose()?;
    let mut json = outputs
        .json
        .as_deref()
        .map(|path| JsonFile::create(path, header))
        .transpose()?;
    let mut html = outputs
        .html
        .as_deref()
        .map(|path| HtmlFile::create(path, header))
        .transpose()?;
    let mut count = 0;
    let mut write = |row: &Row| -> Result<(), Failure> {
        count += 1;
        if let Some(file) = &mut csv {
            file.row(row)?;
        }
        if let Some(file) = &mut json {
            file.row(row)?;
        }
        if let Some(file) = &mut html {
            file.row(row)?;
        }
        each(row)
    };
    work.members(|member| {
        for mut row in member.rows(header) {
            row.findings = findings(&row, &counts, header);
            if let Some(earlier) = &mut earlier {
                earlier.compare(&mut row);
            }
            write(&row)?;
        }
        Ok(())
    })?;
    if let Some(earlier) = &earlier {
        earlier.removed(|row| write(&row))?;
    }
    csv.map_or(Ok(()), CsvFile::finish)?;
    json.map_or(Ok(()), JsonFile::finish)?;
    html.map_or(Ok(()), HtmlFile::finish)?;
    Ok(count)
}

/// A file that appears under its name when it is complete.
struct NewFile {
    file: BufWriter<tempfile::NamedTempFile>,
    path: PathBuf,
}

impl NewFile {
    fn create(path: &Path) -> Result<Self, Failure> {
        let file = tempfile::NamedTempFile::new_in(files::directory_of(path));
        let file = file.map_err(|error| Failure::file(path, &error))?;
        Ok(Self {
            file: BufWriter::new(file),
            path: path.to_owned(),
        })
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.file
            .write_all(text.as_bytes())
            .map_err(|error| Failure::file(&self.path, &error))
    }

    fn finish(self) -> Result<(), Failure> {
        let path = self.path;
        let file = self
            .file
            .into_inner()
            .map_err(|error| Failure::file(&path, error.error()))?;
        file.persist(&path)
            .map(|_: File| ())
            .map_err(|error| Failure::file(&path, &error.error))
    }
}

struct CsvFile(csv::Writer<Vec<u8>>, NewFile);

const HEADER: [&str; 15] = [
    "email",
    "name",
    "member_id",
    "team_role",
    "last_activity",
    "tenant",
    "tenant_id",
    "environment",
    "tag",
    "roles",
    "client_ids",
    "findings",
    "change",
    "team_role_before",
    "roles_before",
];

impl CsvFile {
    fn create(path: &Path) -> Result<Self, Failure> {
        let mut file = Self(csv::Writer::from_writer(Vec::new()), NewFile::create(path)?);
        file.record(HEADER.map(str::to_owned))?;
        Ok(file)
    }

    fn record(&mut self, cells: [String; 15]) -> Result<(), Failure> {
        let failed = |error: csv::Error| Failure::failed(error.to_string());
        self.0.write_record(cells.map(csv_cell)).map_err(failed)?;
        let full = std::mem::replace(&mut self.0, csv::Writer::from_writer(Vec::new()));
        let bytes = full
            .into_inner()
            .map_err(|error| Failure::failed(error.to_string()))?;
        self.1.write(&String::from_utf8_lossy(&bytes))
    }

    fn row(&mut self, row: &Row) -> Result<(), Failure> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let list = |values: &[String]| values.join(" ");
        self.record([
            row.email.clone(),
            row.name.clone(),
            row.member_id.clone(),
            row.team_role.clone(),
            row.last_activity
                .map(|time| time.to_rfc3339())
                .unwrap_or_default(),
            text(&row.tenant),
            text(&row.tenant_id),
            text(&row.environment),
            text(&row.tag),
            list(&row.roles),
            list(&row.client_ids),
            row.findings.join("; "),
            text(&row.change),
            text(&row.team_role_before),
            list(&row.roles_before),
        ])
    }

    fn finish(self) -> Result<(), Failure> {
        self.1.finish()
    }
}

struct JsonFile {
    file: NewFile,
    is_first: bool,
}

impl JsonFile {
    fn create(path: &Path, header: &Header) -> Result<Self, Failure> {
        let mut file = NewFile::create(path)?;
        let (team, at) = (json!(header.team), json!(header.at));
        let since = json!(header.activity_since);
        file.write(&format!(
            "{{\"team\":{team},\"at\":{at},\"activity_since\":{since},\"rows\":["
        ))?;
        Ok(Self {
            file,
            is_first: true,
        })
    }

    fn row(&mut self, row: &Row) -> Result<(), Failure> {
        let separator = if std::mem::take(&mut self.is_first) {
            "\n"
        } else {
            ",\n"
        };
        let json =
            serde_json::to_string(row).map_err(|error| Failure::failed(error.to_string()))?;
        self.file.write(&format!("{separator}{json}"))
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.file.write("\n]}\n")?;
        self.file.finish()
    }
}

struct HtmlFile {
    file: NewFile,
    page: PageWriter,
}

impl HtmlFile {
    fn create(path: &Path, header: &Header) -> Result<Self, Failure> {
        let mut file = NewFile::create(path)?;
        let page = PageWriter::new(header);
        file.write(&page.begin())?;
        Ok(Self { file, page })
    }

    fn row(&mut self, row: &Row) -> Result<(), Failure> {
        self.file.write(&self.page.row(row)?)
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.file.write(self.page.end())?;
        self.file.finish()
    }
}
