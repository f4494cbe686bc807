//! The work file: what was read so far, one record per line.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::record::{Header, MemberRecord, Record};
use crate::failure::Failure;
use crate::files;
use auth0_teams::Cursor;

/// A work file that is open for appending. Only one process can have it open.
pub(crate) struct WorkFile {
    file: File,
    path: PathBuf,
}

impl Progress {
    pub(crate) fn beginning(header: Header) -> Self {
        Self {
            header,
            next: None,
            is_first: true,
            members: 0,
        }
    }
}

/// Where an interrupted review continues.
pub(crate) struct Progress {
    pub(crate) header: Header,
    /// The next page; `None` after the last one.
    pub(crate) next: Option<Cursor>,
    /// Whether no page was read completely.
    pub(crate) is_first: bool,
    pub(crate) members: u64,
}

impl WorkFile {
    /// Opens and locks the file. What was read of an incomplete page is removed.
    pub(crate) fn open(path: &Path) -> Result<(Self, Option<Progress>), Failure> {
        let failed = |error: std::io::Error| Failure::file(path, &error);
        let mut file = files::private()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        files::lock(&file, path)?;
        let (complete, progress) = scan(path, &file)?;
        file.set_len(complete).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let work = Self {
            file,
            path: path.to_owned(),
        };
        Ok((work, progress))
    }

    /// Reads the members of a complete file.
    pub(crate) fn members(
        &self,
        mut each: impl FnMut(MemberRecord) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::file(&self.path, &error);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        for line in BufReader::new(file).lines() {
            if let Record::Member(member) = parse(&self.path, &line.map_err(failed)?)? {
                each(member)?;
            }
        }
        Ok(())
    }

    /// Deletes the file.
    pub(crate) fn remove(self) -> Result<(), Failure> {
        std::fs::remove_file(&self.path).map_err(|error| Failure::file(&self.path, &error))
    }

    /// Appends records that belong together, and waits until they are on disk.
    pub(crate) fn append(&mut self, records: &[Record]) -> Result<(), Failure> {
        let mut lines = String::new();
        for record in records {
            let line = serde_json::to_string(record);
            lines.push_str(&line.map_err(|error| Failure::failed(error.to_string()))?);
            lines.push('\n');
        }
        let written = self.file.write_all(lines.as_bytes());
        written
            .and_then(|()| self.file.sync_data())
            .map_err(|error| Failure::file(&self.path, &error))
    }
}

/// The length of the complete pages, and the progress.
fn scan(path: &Path, file: &File) -> Result<(u64, Option<Progress>), Failure> {
    let (mut complete, mut position) = (0, 0_u64);
    let mut progress: Option<Progress> = None;
    let mut members = 0;
    let mut reader = BufReader::new(file);
    let mut line = String::new();
    loop {
        line.clear();
        let read = reader
            .read_line(&mut line)
            .map_err(|error| Failure::file(path, &error))?;
        if read == 0 || !line.ends_with('\n') {
            return Ok((complete, progress));
        }
        position += read as u64;
        match parse(path, &line)? {
            Record::Begin(header) => {
                complete = position;
                progress = Some(Progress::beginning(header));
            }
            Record::Activity { latest } => {
                complete = position;
                if let Some(progress) = &mut progress {
                    progress.header.activity = Some(latest);
                }
            }
            Record::Member(_) => members += 1,
            Record::Page { next } => {
                complete = position;
                if let Some(progress) = &mut progress {
                    progress.next = next;
                    progress.is_first = false;
                    progress.members = members;
                }
            }
        }
    }
}

fn parse(path: &Path, line: &str) -> Result<Record, Failure> {
    serde_json::from_str(line).map_err(|error| {
        Failure::usage(format!(
            "{}: expected the work file of a review ({error}); delete it to begin again",
            path.display()
        ))
    })
}
