//! Paths in this repository.

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
    /// Returns the repository at `root`, or by default the one that this program was built in.
    pub fn at(root: Option<PathBuf>) -> Self {
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        Self {
            root: root.unwrap_or_else(|| built_in.unwrap_or(Path::new(".")).to_owned()),
        }
    }

    /// Returns the path of a file or folder of the repository.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Reads a document of the repository. Errors name its path relative to the root.
    pub fn read(&self, relative: &str) -> Result<Document, Box<Report>> {
        Document::read_as(&self.path(relative), relative)
    }

    /// Reads `openapi/sources.toml`.
    pub fn sources(&self) -> Result<Sources, Box<Report>> {
        let bytes = read_bytes(&self.path(Sources::FILE));
        let bytes = bytes.map_err(|report| Box::new(report.renamed(Sources::FILE)))?;
        Sources::parse(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The file that lists the changes of all crates.
pub(crate) const CHANGELOG: &str = "CHANGELOG.md";

/// The versions that cargo resolved, those of the generated crates included.
pub(crate) const LOCK: &str = "Cargo.lock";

/// The folder with the document and the overlays of an API.
pub fn api_folder(api: &str) -> String {
    format!("openapi/{api}")
}

/// The facts of the published document, in the folder of the API.
pub const FACTS: &str = "openapi.yaml";

/// The overlay that corrects errors of the published document.
pub const CORRECTIONS: &str = "corrections.overlay.yaml";

/// The overlay that adds what official SDKs have and the published document lacks.
pub const ADDITIONS: &str = "additions.overlay.yaml";

/// The overlay with the descriptions.
pub const DESCRIPTIONS: &str = "descriptions.overlay.yaml";

/// The normalized document.
pub fn normalized_file(api: &str) -> String {
    format!("{}/normalized.json", api_folder(api))
}

/// The folder of the generated crate.
pub fn crate_folder(api: &str) -> String {
    format!("generated/{api}")
}

/// The document that the sandbox validates requests and responses against.
pub fn sandbox_file(api: &str) -> String {
    format!("crates/sandbox/openapi/{api}.json")
}
