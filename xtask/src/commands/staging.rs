//! A copy of the files of one API, which a command changes before it changes the originals.
//!
//! A command that fails changes nothing. The file that marks its end is copied last, so running the command again repeats an update that was
//! interrupted while its files were being copied.

use std::collections::BTreeSet;

use tempfile::TempDir;

use crate::console::Failure;
use crate::diagnostic::Report;
use crate::files::{self, write_file};
use crate::problem::Problem;
use crate::sources::Sources;
use crate::spec::document::read_bytes;
use crate::workspace::{CHANGELOG, LOCK, Workspace, api_folder, crate_folder, sandbox_file};

/// The original and its copy.
pub(crate) struct Staging<'a> {
    original: &'a Workspace,
    copy: Workspace,
    /// Removed when the staging ends.
    _folder: TempDir,
    paths: Vec<String>,
    last: String,
}

impl<'a> Staging<'a> {
    /// Copies the files of `api`. `last` is the file that is written last: what tells the next run that this one has finished.
    pub(crate) fn new(
        original: &'a Workspace,
        api: &str,
        last: impl Into<String>,
    ) -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(|error| {
            let problem =
                Problem::at("", "no temporary folder can be created").found(error.to_string());
            Box::new(Report::of_file(
                &std::env::temp_dir().display().to_string(),
                problem,
            ))
        })?;
        let paths = paths(api);
        let copy = Workspace::at(Some(folder.path().to_owned()));
        for path in &paths {
            for file in files(original, path)? {
                let bytes = read_bytes(&original.path(&file))?;
                write_file(&copy.path(&file), &text(&file, bytes)?)?;
            }
        }
        Ok(Self {
            original,
            copy,
            _folder: folder,
            paths,
            last: last.into(),
        })
    }

    /// The copy.
    pub(crate) fn workspace(&self) -> &Workspace {
        &self.copy
    }

    /// The files that differ from the original, including removed ones, in the order in which they are to be written. The manifest of the
    /// crate follows its sources, because cargo rejects the whole workspace if a member has no sources.
    pub(crate) fn changed_files(&self) -> Result<Vec<String>, Failure> {
        let mut changed = Vec::new();
        for path in &self.paths {
            let mut all: BTreeSet<String> = files(self.original, path)?.into_iter().collect();
            all.extend(files(&self.copy, path)?);
            for file in all {
                if read(self.original, &file)? != read(&self.copy, &file)? {
                    changed.push(file);
                }
            }
        }
        changed.sort_by_key(|file| (*file == self.last, file.ends_with("/Cargo.toml")));
        Ok(changed)
    }

    /// Writes the changed files into the original.
    pub(crate) fn take_over(&self, changed: &[String]) -> Result<(), Failure> {
        for file in changed {
            let path = self.original.path(file);
            match read(&self.copy, file)? {
                Some(bytes) => write_file(&path, &text(file, bytes)?)?,
                None => std::fs::remove_file(&path).map_err(|error| {
                    let problem =
                        Problem::at("", "the file cannot be removed").found(error.to_string());
                    Box::new(Report::of_file(file, problem))
                })?,
            }
        }
        Ok(())
    }
}

/// The files and folders that belong to an API, or name it.
pub(crate) fn paths(api: &str) -> Vec<String> {
    vec![
        crate_folder(api),
        sandbox_file(api),
        LOCK.to_owned(),
        CHANGELOG.to_owned(),
        api_folder(api),
        Sources::FILE.to_owned(),
    ]
}

/// Rewrites a file that may be absent.
pub(crate) fn rewrite(
    workspace: &Workspace,
    file: &str,
    edit: impl FnOnce(&str) -> String,
) -> Result<(), Failure> {
    let path = workspace.path(file);
    if let Some(bytes) = read(workspace, file)? {
        write_file(&path, &edit(&text(file, bytes)?))?;
    }
    Ok(())
}

/// The contents of a file that may be absent.
pub(crate) fn read(workspace: &Workspace, file: &str) -> Result<Option<Vec<u8>>, Box<Report>> {
    let path = workspace.path(file);
    match path.exists() {
        true => read_bytes(&path).map(Some),
        false => Ok(None),
    }
}

fn text(file: &str, bytes: Vec<u8>) -> Result<String, Box<Report>> {
    String::from_utf8(bytes).map_err(|_| {
        let problem = Problem::at("", "the file is not text").expected("UTF-8");
        Report::of_file(file, problem).into()
    })
}

/// The files at a path of the workspace, which is a file, a folder or absent.
pub(crate) fn files(workspace: &Workspace, path: &str) -> Result<Vec<String>, Box<Report>> {
    let full = workspace.path(path);
    if full.is_dir() {
        let found = files::list(&full)?.into_iter();
        return Ok(found.map(|file| format!("{path}/{file}")).collect());
    }
    Ok(full.exists().then(|| path.to_owned()).into_iter().collect())
}
