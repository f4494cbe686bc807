//! The Teams API, from its facts to its files, without touching any file of the repository.

use std::error::Error;

use serde_json::Value;
use xtask::files::Files;
use xtask::generate::Target;
use xtask::passes::Options;
use xtask::pipeline;
use xtask::regen::overlaid;
use xtask::source::Source;
use xtask::sources::ApiData;
use xtask::workspace::{Workspace, api_folder};

const API: &str = "teams";

/// The document with its overlays applied, ready for the normalizer.
pub struct Input {
    document: Value,
    source: Source,
    api: ApiData,
}

impl Input {
    /// Reads the files of the API.
    pub fn read() -> Result<Self, Box<dyn Error>> {
        let workspace = Workspace::at(None);
        let folder = api_folder(API);
        let (document, source) = overlaid(&workspace.path(&folder), &folder)
            .map_err(|failure| format!("{failure:?}"))?;
        let sources = workspace.sources()?;
        let api = sources.get(API)?.api();
        Ok(Self {
            document,
            source,
            api,
        })
    }

    /// The normalized document.
    pub fn normalize(&self) -> Result<Value, Box<dyn Error>> {
        let options = Options {
            include: &[],
            strict: true,
        };
        let normalized = pipeline::normalize(self.document.clone(), &self.source, &options);
        Ok(normalized
            .map_err(|failure| format!("{failure:?}"))?
            .document)
    }

    /// The files of the crate, as one that stands alone beside `core_path`.
    pub fn generate(&self, normalized: &Value, core_path: &str) -> Result<Files, Box<dyn Error>> {
        let target = Target {
            crate_name: "auth0-teams".to_owned(),
            version: "0.1.0".to_owned(),
            core_path: core_path.to_owned(),
            api: self.api.clone(),
            command: "cargo bench -p benches".to_owned(),
            member: true,
        };
        let files = pipeline::generate(normalized, "normalized.json", &target);
        Ok(files.map_err(|failure| format!("{failure:?}"))?)
    }
}
