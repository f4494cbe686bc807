//! Where things are in this repository.

use std::path::{Path, PathBuf};

use crate::diagnostic::Report;
use crate::sources::Sources;
use crate::spec::document::{Document, read_bytes};

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
        Document::read_as(&self.path(relative), relative)
    }

    /// The list of APIs.
    pub fn sources(&self) -> Result<Sources, Box<Report>> {
        let bytes = read_bytes(&self.path(Sources::FILE));
        let bytes = bytes.map_err(|report| Box::new(report.renamed(Sources::FILE)))?;
        Sources::parse(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The folder with what an API is made from.
pub fn api_folder(api: &str) -> String {
    format!("openapi/{api}")
}

/// The facts, in that folder.
pub const FACTS: &str = "openapi.yaml";

/// What upstream gets wrong.
pub const CORRECTIONS: &str = "corrections.overlay.yaml";

/// Our own words.
pub const DESCRIPTIONS: &str = "descriptions.overlay.yaml";

/// The normalized document.
pub fn normalized_file(api: &str) -> String {
    format!("{}/normalized.json", api_folder(api))
}

/// The folder of the crate.
pub fn crate_folder(api: &str) -> String {
    format!("generated/{api}")
}

/// The document that the sandbox checks requests and answers by.
pub fn sandbox_file(api: &str) -> String {
    format!("crates/sandbox/openapi/{api}.json")
}
