//! Where things are in this repository.

use std::path::{Path, PathBuf};

use crate::diagnostic::Report;
use crate::document::{Document, read_bytes};
use crate::sources::Sources;

/// The repository.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The repository at `root`, or the one that this program was built in.
    pub fn at(root: Option<PathBuf>) -> Self {
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        Self {
            root: root.unwrap_or_else(|| built_in.unwrap_or(Path::new(".")).to_owned()),
        }
    }

    /// The path of something in it.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A document in it, called by its path from the root whatever the root is.
    pub fn read(&self, relative: &str) -> Result<Document, Box<Report>> {
        Document::from_bytes(relative.to_owned(), &self.bytes(relative)?)
    }

    /// The list of APIs.
    pub fn sources(&self) -> Result<Sources, Box<Report>> {
        Sources::parse(String::from_utf8_lossy(&self.bytes(Sources::FILE)?).into_owned())
    }

    fn bytes(&self, relative: &str) -> Result<Vec<u8>, Box<Report>> {
        read_bytes(&self.path(relative)).map_err(|report| report.renamed(relative).into())
    }
}

/// The facts of an API.
pub fn facts_file(api: &str) -> String {
    format!("openapi/{api}/openapi.yaml")
}

/// What upstream gets wrong.
pub fn corrections_file(api: &str) -> String {
    format!("openapi/{api}/corrections.overlay.yaml")
}

/// Our own words.
pub fn descriptions_file(api: &str) -> String {
    format!("openapi/{api}/descriptions.overlay.yaml")
}

/// The normalized document.
pub fn normalized_file(api: &str) -> String {
    format!("openapi/{api}/normalized.json")
}

/// The folder of the crate.
pub fn crate_folder(api: &str) -> String {
    format!("generated/{api}")
}
