//! Input of the generator benchmarks: normalizes a document and generates its crate in memory.

use std::error::Error;
use std::path::PathBuf;

use serde_json::Value;
use xtask::commands::regen::overlaid;
use xtask::emit::Target;
use xtask::files::Files;
use xtask::lower::Options;
use xtask::pipeline;
use xtask::sources::ApiData;
use xtask::spec::document::Document;
use xtask::spec::source::Source;
use xtask::workspace::{Workspace, api_folder};

/// A document with its overlays applied, ready for the normalizer.
pub struct Input {
    document: Value,
    source: Source,
    package: String,
    api: ApiData,
    /// Whether constructs that no pass handles are errors. They are for documents of crates in the repository.
    strict: bool,
}

impl Input {
    /// The document of an API with its overlays, or `None` if the repository has no crate of it.
    pub fn of_api(name: &str) -> Result<Option<Self>, Box<dyn Error>> {
        let workspace = Workspace::at(None);
        let sources = workspace.sources()?;
        let Ok(entry) = sources.get(name) else {
            return Ok(None);
        };
        let Some((package, _)) = entry.package() else {
            return Ok(None);
        };
        let folder = api_folder(name);
        let (document, source) = overlaid(&workspace.path(&folder), &folder)
            .map_err(|failure| format!("{failure:?}"))?;
        Ok(Some(Self {
            document,
            source,
            package: package.to_owned(),
            api: entry.api(),
            strict: true,
        }))
    }

    /// A published document. Prints a note and returns `None` if it is not next to the repository.
    pub fn published(file: &str) -> Result<Option<Self>, Box<dyn Error>> {
        let path = Workspace::at(None).path("../shared/openapi").join(file);
        if !path.exists() {
            println!("SKIPPED: {file} is not next to the repository (../shared/openapi)");
            return Ok(None);
        }
        let document = Document::load(&path)?;
        Ok(Some(Self::of_document(document.value, document.source)))
    }

    /// An arbitrary document.
    pub fn of_document(document: Value, source: Source) -> Self {
        Self {
            api: ApiData::of_document(&document),
            document,
            source,
            package: "measured".to_owned(),
            strict: false,
        }
    }

    /// The length of the document as compact JSON.
    pub fn bytes(&self) -> usize {
        self.document.to_string().len()
    }

    /// The package name of the crate.
    pub fn package(&self) -> &str {
        &self.package
    }

    /// The normalized document.
    pub fn normalize(&self) -> Result<Value, Box<dyn Error>> {
        let options = Options {
            include: &[],
            strict: self.strict,
            previous: None,
        };
        let normalized = pipeline::normalize(self.document.clone(), &self.source, &options);
        Ok(normalized
            .map_err(|failure| format!("{failure:?}"))?
            .document)
    }

    /// The files of the crate, with `auth0-core` at `core_path`.
    pub fn generate(&self, normalized: &Value, core_path: &str) -> Result<Files, Box<dyn Error>> {
        let target = Target {
            crate_name: self.package.clone(),
            version: "0.1.0".to_owned(),
            core: xtask::emit::CoreSource::Path(core_path.to_owned()),
            api: self.api.clone(),
            command: "cargo bench -p benches".to_owned(),
            member: self.strict,
        };
        let files = pipeline::generate(normalized, "normalized.json", &target);
        Ok(files.map_err(|failure| format!("{failure:?}"))?)
    }
}

/// The APIs that have a crate, by their names in `openapi/`.
pub fn with_crates() -> Result<Vec<(String, Input)>, Box<dyn Error>> {
    let folder: PathBuf = Workspace::at(None).path("openapi");
    let mut names: Vec<String> = std::fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    let mut found = Vec::new();
    for name in names {
        if let Some(input) = Input::of_api(&name)? {
            found.push((name, input));
        }
    }
    Ok(found)
}
