//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::add;
use crate::commands::bump;
use crate::commands::conformance;
use crate::commands::contract;
use crate::commands::description_coverage;
use crate::commands::emit;
use crate::commands::interop;
use crate::commands::normalize;
use crate::commands::regen;
use crate::commands::release;
use crate::commands::replay;
use crate::console::{CheckResult, Console, Failure};
use crate::diff;
use crate::fetch;
use crate::selection::Selector;
use crate::workspace::Workspace;

/// Generates client crates from published OpenAPI documents
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true,
    after_help = "Exit status: 0 success, 1 a check failed, 2 invalid input or arguments."
)]
pub struct Cli {
    /// The repository to work in [default: the one that this program was built in]
    #[arg(long, global = true, value_name = "DIR")]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// The format of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people on a terminal.
    Text,
    /// For the body of a pull request.
    Markdown,
    /// For programs.
    Json,
}

/// The changes that make a comparison fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A change that requires a major version.
    Breaking,
    /// Any change in the facts.
    Any,
}

/// The part of a document that a command reads.
#[derive(Debug, Args)]
struct Selection {
    /// Read only these operations, and the components they reference; can be repeated
    ///
    /// `/clients` is that path with all paths below it, `=/clients` that path alone, and `GET,PATCH =/clients/{id}` two of its methods.
    #[arg(long, value_name = "[METHODS ][=]PATH", num_args = 1..)]
    include: Vec<Selector>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Regenerate the committed files of each API from its facts and overlays
    ///
    /// Writes openapi/<api>/normalized.json and generated/<api>/. Reports overlay actions that no longer apply, missing
    /// descriptions, and constructs whose meaning would be lost, each with its location.
    #[command(after_help = "Examples:\n  cargo xtask regen\n  cargo xtask regen teams --check")]
    Regen {
        /// The APIs, by their names in openapi/sources.toml [default: all]
        #[arg(value_name = "API")]
        apis: Vec<String>,
        /// Write nothing; show the differences to the committed files, and exit with 1 if there are any
        #[arg(long)]
        check: bool,
    },
    /// Fetch a published document and write its facts to openapi/<api>/openapi.yaml
    ///
    /// Facts are everything except prose: descriptions, summaries, examples and code samples. Prints the changes, the
    /// overlay actions that no longer apply, and the missing descriptions as overlay actions to fill in. Records the
    /// digest, date and entity tag of the document in openapi/sources.toml. A rejected document changes no file. If the API has a crate, a
    /// document with other facts is only shown: `bump` updates facts and crate together. Proxies are read from the environment
    /// (HTTPS_PROXY, NO_PROXY).
    #[command(
        after_help = "Examples:\n  cargo xtask fetch\n  cargo xtask fetch teams --dry-run --format markdown\n  cargo xtask fetch teams --from ~/Downloads/teams-api-oas.json\n\nA \"not modified\" response ends the fetch; --from with the published address fetches the document in any case."
    )]
    Fetch {
        /// The APIs, by their names in openapi/sources.toml [default: all]
        #[arg(value_name = "API")]
        apis: Vec<String>,
        /// Read the document from here instead of its published address: https, http on this machine, or a file
        #[arg(long, value_name = "URL-or-FILE")]
        from: Option<String>,
        /// Show the changes and write nothing
        #[arg(long)]
        dry_run: bool,
        /// Keep the published descriptions instead of removing them
        #[arg(long)]
        keep_prose: bool,
        /// The format of the result
        #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
        format: ReportFormat,
    },
    /// Add an API: its entry in openapi/sources.toml, its facts and its crate
    ///
    /// Reads the document, derives the settings of the crate from it, and generates the crate as a member of the workspace. Missing
    /// descriptions are derived from the document. If it cannot finish, no file is changed. If a document is rejected because of an error in
    /// it, correct the error in openapi/<api>/corrections.overlay.yaml and run the command again.
    #[command(
        after_help = "Examples:\n  cargo xtask add bookings --from https://bookings.example.com/openapi.yaml\n  cargo xtask add organizations --from management.json --include /organizations --audience 'https://{tenantDomain}/api/v2/'"
    )]
    Add {
        /// The name of the API: lower-case letters, digits and `-`
        #[arg(value_name = "NAME")]
        api: String,
        /// The document: https, http on this machine, or a file
        #[arg(long, value_name = "URL-or-FILE")]
        from: String,
        #[command(flatten)]
        selection: Selection,
        /// The URL of later versions of the document [default: that of --from, if it is a URL without a query]
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// The name of the crate [default: auth0-NAME]
        #[arg(long = "crate", value_name = "CRATE")]
        crate_name: Option<String>,
        /// The default base URL of the client, with variables in its host, such as https://{team}.example.com/api [default: the first
        /// server of the document with such a URL]
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
        /// The audience of access tokens, with the same variables
        #[arg(long, value_name = "URL")]
        audience: Option<String>,
        /// Show what would be written and write nothing
        #[arg(long)]
        dry_run: bool,
        /// The format of the result
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
    /// Update an API to a new version of its document: facts, crate version, changelog, generated files
    ///
    /// Fetches the document, compares it with the current one, sets the version of the crate that the changes require, adds the
    /// changelog entry, removes overlay actions that no longer apply, and regenerates. Missing descriptions are derived from the
    /// document. If it cannot finish, no file is changed; it says what to do, and running it again continues.
    #[command(
        after_help = "Examples:\n  cargo xtask bump teams\n  cargo xtask bump teams --from ~/Downloads/teams-api-oas.json --dry-run\n  cargo xtask bump --format markdown    the first line is the title of a pull request, the rest its text"
    )]
    Bump {
        /// The APIs, as openapi/sources.toml names them; all if none is given
        #[arg(value_name = "API")]
        apis: Vec<String>,
        /// Read this document instead of the published one: https, http from this machine, or a file
        #[arg(long, value_name = "URL-or-FILE")]
        from: Option<String>,
        /// Show what would change and write nothing
        #[arg(long)]
        dry_run: bool,
        /// The output format
        #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
        format: ReportFormat,
    },
    /// Replay the versions of a document, and print what each of them costs
    ///
    /// In a copy of the repository, adds the first version as a new API without overlays and bumps it to each later version. Prints for each
    /// step the edits by hand that it needs, the changed files, the lines to review, the level of the changes, and whether the crate
    /// compiles without warnings. Exits with 1 if a step fails.
    #[command(
        after_help = "Examples:\n  cargo xtask replay ../history\n  cargo xtask replay ../history --test --format json"
    )]
    Replay {
        /// The folder with the versions as JSON or YAML files, whose names sort by age
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        #[command(flatten)]
        selection: Selection,
        /// Run the tests of the workspace after each step
        #[arg(long)]
        test: bool,
        /// The format of the table
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
    /// Show how much of each API is described by hand, and what is not
    ///
    /// Descriptions that the overlay lacks are derived from the document. They are listed as overlay actions to fill in.
    #[command(
        after_help = "Examples:\n  cargo xtask coverage\n  cargo xtask coverage teams --fail-under 100"
    )]
    Coverage {
        /// The APIs, as openapi/sources.toml names them; all if none is given
        #[arg(value_name = "API")]
        apis: Vec<String>,
        /// Exit with 1 if less than this percentage of an API is described by hand
        #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=100))]
        fail_under: Option<u8>,
        /// The output format
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
    /// Normalize one document and list the changes of each pass
    #[command(
        after_help = "Examples:\n  cargo xtask normalize my-api.json\n  cargo xtask normalize my-api.yaml -o normalized.json --include /organizations"
    )]
    Normalize {
        /// An OpenAPI 3.0 or 3.1 document, in JSON or YAML
        file: PathBuf,
        /// Write the normalized document to this file; `-` is standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<String>,
        /// An OpenAPI overlay to apply first, for example to correct what the passes reject; can be repeated
        #[arg(long = "overlay", value_name = "FILE", num_args = 1..)]
        overlays: Vec<PathBuf>,
        #[command(flatten)]
        selection: Selection,
        /// Reject unknown keywords instead of warning about them
        #[arg(long)]
        strict: bool,
        /// The format of the list of changes
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
    /// Generate a crate from any OpenAPI 3.0 or 3.1 document
    ///
    /// The folder becomes the root of the crate. It is created, or replaced if an earlier emit created it; a folder with
    /// other files is rejected. The crate depends on auth0-core through a path relative to the folder, or through --core-version.
    /// docs/book/src/other-apis.md describes what an API of another vendor gets.
    ///
    /// A construct that is not supported costs at most the operations that use it: it gets a looser type, or the operations are
    /// omitted. Each is a warning, and the last line counts them. The exit status is 2 if no operation is left.
    #[command(
        after_help = "Examples:\n  cargo xtask emit my-api.json --out ../my-api --name my-api\n  cargo xtask emit management.json --out ../organizations --name organizations --include /organizations\n  cargo xtask emit my-api.json --out my-api --name my-api --core-version 0.1"
    )]
    Emit {
        /// An OpenAPI 3.0 or 3.1 document, in JSON or YAML
        file: PathBuf,
        /// The folder of the crate
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The name of the crate
        #[arg(long, value_name = "CRATE")]
        name: String,
        /// An OpenAPI overlay to apply first, for example to correct what the passes reject; can be repeated
        #[arg(long = "overlay", value_name = "FILE", num_args = 1..)]
        overlays: Vec<PathBuf>,
        #[command(flatten)]
        selection: Selection,
        /// Depend on this version of auth0-core, instead of its folder in the repository of this program
        #[arg(long, value_name = "X.Y", value_parser = version_requirement)]
        core_version: Option<String>,
        /// Reject the document if a construct is not supported, instead of omitting or loosening it with a warning
        #[arg(long)]
        strict: bool,
    },
    /// Compare two documents, and determine the next version of the generated crate
    ///
    /// Prose is ignored. The changes are classified by the rules in xtask/src/diff/RULES.md, and the public items of both
    /// generated crates are compared. With --facts, every difference in the facts is listed instead, and the exit status
    /// is 1 if there is one.
    #[command(
        after_help = "Examples:\n  cargo xtask diff old.json new.json\n  cargo xtask diff old.json new.json --format markdown --version 0.3.1 --fail-on breaking\n  cargo xtask diff openapi/teams/openapi.yaml teams.json --facts"
    )]
    Diff {
        /// The old OpenAPI 3.0 or 3.1 document, in JSON or YAML
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The new document
        #[arg(value_name = "NEW")]
        new: PathBuf,
        /// List every difference in the facts, and exit with 1 if there is one
        #[arg(long)]
        facts: bool,
        #[command(flatten)]
        selection: Selection,
        /// The version of the crate that was generated from the old document
        #[arg(
            long,
            value_name = "X.Y.Z",
            default_value = "0.1.0",
            conflicts_with = "facts"
        )]
        version: String,
        /// The format of the changes
        #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
        format: ReportFormat,
        /// Exit with 1 if there is a change of this kind
        #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "facts")]
        fail_on: Option<FailOn>,
    },
    /// Normalize, generate and type-check every document of a folder, and print a table
    ///
    /// Compiler warnings count as errors. Exits with 1 if a document fails unexpectedly, or passes although it is
    /// expected to fail.
    #[command(
        after_help = "Examples:\n  cargo xtask conformance\n  cargo xtask conformance ../documents --expect-failing huge.json"
    )]
    Conformance {
        /// The folder with the documents [default: openapi/]
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
        /// Documents that are expected to fail, by their names in the table
        #[arg(long, value_name = "NAME", num_args = 1..)]
        expect_failing: Vec<String>,
        /// The format of the table
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
    /// Test the sandbox against the documents with schemathesis
    ///
    /// schemathesis generates requests from a document and checks every response. Each operation has to be carried out at
    /// least once. The version in xtask/contract/requirements.txt is installed under target/ the first time, which needs
    /// python3 and access to the package index. Settings, exceptions and the initial state are in xtask/contract too.
    #[command(
        after_help = "Examples:\n  cargo xtask contract\n  cargo xtask contract --documents ../published"
    )]
    Contract {
        /// A folder with <api>.json or <api>.yaml as published, or with <api>/openapi.yaml [default: openapi/]
        #[arg(long, value_name = "DIR")]
        documents: Option<PathBuf>,
        /// The format of the result
        #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
        format: OutputFormat,
    },
    /// Check that the crates can be published, and publish them
    ///
    /// Checks metadata, changelog and descriptions. Packages every crate, unpacks the packages into a workspace of their own, builds
    /// them there and runs their doctests. Publishes them in the order of their dependencies if nothing is wrong. Needs tar, and
    /// access to the registry.
    #[command(after_help = "Examples:\n  cargo xtask release --dry-run")]
    Release {
        /// Check everything and publish nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Test the SDK against oidc-provider, a certified OpenID provider, and against Redis
    ///
    /// Runs the tests in tests/interop and tests/fleet, which `cargo test` skips. Installs oidc-provider in tests/interop the
    /// first time and whenever package-lock.json there changes, which needs npm and the package registry. Requires Node 20 or
    /// newer, and openssl for test certificates. The fleet tests run on redis-server or valkey-server, or on both if both are
    /// installed. Exits with 1 if a test fails.
    #[command(
        after_help = "Examples:\n  cargo xtask interop\n  cargo xtask interop refresh device"
    )]
    Interop {
        /// Run only the tests whose names contain one of these texts
        #[arg(value_name = "NAME")]
        tests: Vec<String>,
    },
}

/// A version requirement, as a manifest has it.
fn version_requirement(text: &str) -> Result<String, String> {
    let parsed = semver::VersionReq::parse(text);
    parsed
        .map(|_| text.to_owned())
        .map_err(|error| error.to_string())
}

/// Runs the command. Returns the exit status.
pub fn run(cli: &Cli, console: &mut Console<'_>) -> u8 {
    let workspace = Workspace::at(cli.root.clone());
    match dispatch(&cli.command, &workspace, console) {
        Ok(CheckResult::Passed) => 0,
        Ok(CheckResult::Failed) => 1,
        Err(Failure(reports)) => {
            console.report(&reports);
            2
        }
    }
}

fn dispatch(
    command: &Command,
    workspace: &Workspace,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    match command {
        Command::Regen { apis, check } => regen::run(workspace, apis, *check, console),
        Command::Fetch {
            apis,
            from,
            dry_run,
            keep_prose,
            format,
        } => {
            let options = fetch::FetchOptions {
                apis,
                from: from.as_deref(),
                dry_run: *dry_run,
                updates_crate: false,
                keep_prose: *keep_prose,
                limits: fetch::download::Limits::default(),
                format: *format,
                today: &today(),
            };
            fetch::run(workspace, &options, console)
        }
        Command::Add {
            api,
            from,
            selection,
            url,
            crate_name,
            base_url,
            audience,
            dry_run,
            format,
        } => {
            let options = add::AddOptions {
                api,
                from,
                url: url.as_deref(),
                include: &selection.include,
                crate_name: crate_name.as_deref(),
                base_url: base_url.as_deref(),
                audience: audience.as_deref(),
                dry_run: *dry_run,
                limits: fetch::download::Limits::default(),
                format: *format,
                today: &today(),
            };
            add::run(workspace, &options, console)
        }
        Command::Bump {
            apis,
            from,
            dry_run,
            format,
        } => {
            let options = bump::BumpOptions {
                apis,
                from: from.as_deref(),
                dry_run: *dry_run,
                limits: fetch::download::Limits::default(),
                format: *format,
                today: &today(),
            };
            bump::run(workspace, &options, console)
        }
        Command::Replay {
            folder,
            selection,
            test,
            format,
        } => {
            let options = replay::ReplayOptions {
                folder,
                include: &selection.include,
                test: *test,
                today: &today(),
                format: *format,
            };
            replay::run(workspace, &options, console)
        }
        Command::Coverage {
            apis,
            fail_under,
            format,
        } => description_coverage::run(workspace, apis, *fail_under, *format, console),
        Command::Normalize {
            file,
            output,
            overlays,
            selection,
            strict,
            format,
        } => {
            let options = normalize::NormalizeOptions {
                file,
                output: output.as_deref(),
                overlays,
                include: &selection.include,
                strict: *strict,
                format: *format,
            };
            normalize::run(&options, console)
        }
        Command::Emit {
            file,
            out,
            name,
            overlays,
            selection,
            core_version,
            strict,
        } => emit::run(
            workspace,
            &emit::EmitOptions {
                file,
                out,
                name,
                overlays,
                include: &selection.include,
                core_version: core_version.as_deref(),
                strict: *strict,
            },
            console,
        ),
        Command::Diff {
            old,
            new,
            facts,
            selection,
            version,
            format,
            fail_on,
        } => {
            let request = diff::DiffOptions {
                old,
                new,
                facts: *facts,
                include: &selection.include,
                version,
                format: *format,
                fail_on: *fail_on,
            };
            diff::run(&request, console)
        }
        Command::Conformance {
            folder,
            expect_failing,
            format,
        } => {
            let folder = folder.clone().unwrap_or_else(|| workspace.path("openapi"));
            let options = conformance::ConformanceOptions {
                folder: &folder,
                expect_failing,
                format: *format,
            };
            conformance::run(workspace, &options, console)
        }
        Command::Contract { documents, format } => {
            let options = contract::ContractOptions {
                documents: documents.as_deref(),
                format: *format,
            };
            contract::run(workspace, &options, console)
        }
        Command::Release { dry_run } => release::run(workspace, *dry_run, console),
        Command::Interop { tests } => interop::run(workspace, tests),
    }
}

/// Today, as year, month and day.
fn today() -> String {
    chrono::Utc::now().format("%Y-%m-%d").to_string()
}
