//! An append-only file of JSON lines that survives a crash after any of them.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::files;

/// A journal that is open for appending. Only one process can have it open.
pub(crate) struct Journal<T> {
    file: File,
    path: PathBuf,
    record: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> Journal<T> {
    /// Opens or creates the file. Returns its records. An incomplete last line, which a crash leaves, is removed.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<T>), Failure> {
        let failed = |error: std::io::Error| Failure::file(path, &error);
        let mut options: OpenOptions = files::private();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        files::lock(&file, path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let (complete, records) = parse(path, &text)?;
        file.set_len(complete as u64).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let path = path.to_owned();
        let record = PhantomData;
        Ok((Self { file, path, record }, records))
    }

    /// The records of a file that another process may be writing to. It is neither locked nor changed.
    pub(crate) fn read(path: &Path) -> Result<Vec<T>, Failure> {
        let text = files::read_optional(path)?.unwrap_or_default();
        Ok(parse(path, text.as_bytes())?.1)
    }

    /// Appends a record and waits until it is on disk.
    pub(crate) fn append(&mut self, record: &T) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(record)
            .map_err(|error| Failure::failed(format!("{}: {error}", self.path.display())))?;
        line.push(b'\n');
        let written = self.file.write_all(&line);
        written
            .and_then(|()| self.file.sync_data())
            .map_err(|error| Failure::file(&self.path, &error))
    }
}

/// The length of the complete lines, and their records.
fn parse<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<(usize, Vec<T>), Failure> {
    let complete = text.iter().rposition(|byte| *byte == b'\n');
    let complete = complete.map_or(0, |end| end + 1);
    let mut records = Vec::new();
    for (index, line) in text[..complete].split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        records.push(serde_json::from_slice(line).map_err(|error| {
            Failure::usage(format!(
                "{}:{}: expected a record that this program wrote ({error})",
                path.display(),
                index + 1
            ))
        })?);
    }
    Ok((complete, records))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incomplete_last_line_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        std::fs::write(&path, "1\n2\n3").unwrap();
        let (mut journal, records) = Journal::<u32>::open(&path).unwrap();
        assert_eq!(records, [1, 2]);
        journal.append(&4).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n2\n4\n");
    }

    #[test]
    fn second_process_and_foreign_lines_are_errors() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let (first, _) = Journal::<u32>::open(&path).unwrap();
        let error = Journal::<u32>::open(&path).err().unwrap();
        assert!(
            error.message().contains("another process"),
            "{}",
            error.message()
        );
        // A reader takes no lock and changes nothing.
        std::fs::write(&path, "1\n2").unwrap();
        assert_eq!(Journal::<u32>::read(&path).ok().unwrap(), [1]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n2");
        drop(first);
        std::fs::write(&path, "1\nx\n").unwrap();
        let error = Journal::<u32>::open(&path).err().unwrap();
        assert!(
            error.message().contains(":2: expected a record"),
            "{}",
            error.message()
        );
    }
}
