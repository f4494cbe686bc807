//! A workspace in the target directory for measuring build times of crates.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use xtask::files::Files;
use xtask::workspace::Workspace;

/// The dependencies of the comparison.
const NAIVE_DEPENDENCIES: [&str; 8] = [
    "bytes",
    "chrono",
    "futures-core",
    "progenitor-client",
    "reqwest",
    "serde",
    "serde_json",
    "uuid",
];

/// The build profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// The `dev` profile.
    Dev,
    /// The `release` profile.
    Release,
}

/// The crates of one API: ours and the comparison.
pub struct Crates {
    /// Name of the API. The directories are `ours-NAME` and `naive-NAME`; the latter is also the package name of the
    /// comparison.
    pub api: String,
    /// The name of our package.
    pub package: String,
    /// The files of our crate.
    pub files: Files,
    /// The source of the comparison, in one file.
    pub naive: String,
}

/// A workspace with our crates, the comparisons, and for the Teams API two programs that call every operation.
pub struct Scratch {
    root: PathBuf,
}

impl Scratch {
    /// Writes the packages. Their dependencies have the versions of this workspace.
    pub fn write(all: &[Crates]) -> Result<Self, Box<dyn Error>> {
        let workspace = Workspace::at(None);
        let root = target_directory(&workspace).join("bench-compilation");
        let manifest = fs::read_to_string(workspace.path("Cargo.toml"))?;
        let mut manifest: toml_edit::DocumentMut = manifest.parse()?;
        let mut members = toml_edit::Array::from_iter(["ours-program", "naive-program"]);
        let dependencies = &mut manifest["workspace"]["dependencies"];
        dependencies["auth0-core"]["path"] =
            toml_edit::value(workspace.path("crates/core").display().to_string());
        for unused in ["auth0-auth", "auth0-fleet", "xtask"] {
            dependencies[unused]["path"] = toml_edit::Item::None;
        }
        for Crates {
            api,
            package: name,
            files,
            naive,
        } in all
        {
            let (ours, theirs) = (format!("ours-{api}"), format!("naive-{api}"));
            dependencies[name]["path"] = toml_edit::value(&ours);
            for (path, text) in files {
                write(&root.join(&ours).join(path), text)?;
            }
            write(&root.join(&theirs).join("src/lib.rs"), naive)?;
            package(&root, &theirs, &NAIVE_DEPENDENCIES)?;
            members.extend([ours, theirs]);
        }
        manifest["workspace"]["members"] = toml_edit::value(members);
        write(&root.join("Cargo.toml"), &manifest.to_string())?;
        fs::copy(workspace.path("Cargo.lock"), root.join("Cargo.lock"))?;
        for (name, dependencies, source) in [
            (
                "ours-program",
                ["auth0-core", "auth0-teams", "tokio"],
                include_str!("../programs/ours.rs"),
            ),
            (
                "naive-program",
                ["naive", "tokio", "uuid"],
                include_str!("../programs/naive.rs"),
            ),
        ] {
            package(&root, name, &dependencies)?;
            write(&root.join(name).join("src/main.rs"), source)?;
        }
        Ok(Self { root })
    }

    /// Builds a package with its dependencies.
    pub fn build(&self, package: &str, profile: Profile) -> Result<(), Box<dyn Error>> {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .current_dir(&self.root)
            .args(["build", "--quiet", "--package", package])
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_TARGET_DIR", self.root.join("target"));
        if profile == Profile::Release {
            cargo.arg("--release");
        }
        if cargo.status()?.success() {
            Ok(())
        } else {
            Err(format!("{package} does not build").into())
        }
    }

    /// Measures the time to build `package` after a change of `touched`.
    #[allow(clippy::disallowed_methods)] // A benchmark measures real time.
    pub fn rebuild(
        &self,
        touched: &str,
        package: &str,
        profile: Profile,
    ) -> Result<Duration, Box<dyn Error>> {
        let source = self.root.join(touched).join("src/lib.rs");
        fs::write(&source, fs::read(&source)?)?;
        let start = Instant::now();
        self.build(package, profile)?;
        Ok(start.elapsed())
    }
}

fn package(root: &Path, name: &str, dependencies: &[&str]) -> std::io::Result<()> {
    let mut manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n"
    );
    for dependency in dependencies {
        manifest += &match *dependency {
            "naive" => {
                "naive = { path = \"../naive-teams\", package = \"naive-teams\" }\n".to_owned()
            }
            "tokio" => "tokio = { workspace = true, features = [\"rt\"] }\n".to_owned(),
            name => format!("{name}.workspace = true\n"),
        };
    }
    write(&root.join(name).join("Cargo.toml"), &manifest)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

fn target_directory(workspace: &Workspace) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.path("target"), PathBuf::from)
}
