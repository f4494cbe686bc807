//! The emitter: generates the files of a client crate from a normalized document. progenitor generates types and requests; the emitter adds
//! what progenitor does not support: resources, setters, checks, paging, outcomes.

mod calls;
mod client;
mod doc_links;
mod doc_text;
mod file_layout;
mod front_page;
mod inventory;
mod manifest;
mod model;
pub(crate) use model::servers;
mod names;
mod operation_table;
mod progenitor_adjustments;
mod progenitor_output;
mod rate_limit_constants;
mod read_back;
mod requests;
mod resources;
mod type_syntax;
mod types;
mod wire_names;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use crate::problem::Problem;
use crate::sources::ApiData;
use calls::call_type::CallContext;
use doc_links::DocLinks;
use file_layout::SourceFiles;
pub(crate) use inventory::FILE as INVENTORY;
pub use manifest::dependencies;
use model::Model;
pub(crate) use names::{is_device, snake_name, type_name};
use resources::Groups;
use types::TypeIndex;
use types::update_types::WriteBackPlan;

/// Where a crate finds `auth0-core`.
#[derive(Debug, Clone)]
pub enum CoreSource {
    /// In a folder, relative to the crate.
    Path(String),
    /// On crates.io, in a compatible version.
    Version(String),
}

/// The crate to generate.
#[derive(Debug, Clone)]
pub struct Target {
    /// The name of the crate.
    pub crate_name: String,
    /// Its version.
    pub version: String,
    /// Where `auth0-core` is.
    pub core: CoreSource,
    /// The settings of the API.
    pub api: ApiData,
    /// The command that generates the crate, for the first line of each file.
    pub command: String,
    /// Whether the crate is a member of this workspace: its manifest then inherits, and every item has to be documented.
    pub member: bool,
}

/// Generates the files of a crate, by their paths in the crate.
pub fn generate(
    normalized: &Value,
    target: &Target,
) -> Result<BTreeMap<String, String>, Vec<Problem>> {
    let mut document = normalized.clone();
    doc_text::append_rules(&mut document);
    link_operations(&mut document, normalized)?;
    let model = Model::read(&document)?;
    let sources = source_files(&document, &model, target)?;
    let mut files = printed(&sources, target);
    files.insert("Cargo.toml".to_owned(), manifest::manifest(&model, target));
    files.insert(
        "README.md".to_owned(),
        front_page::readme(&model, target, &Groups::new(&model)?.client_methods()),
    );
    if target.member {
        let inventory = inventory::inventory(&document, &model, &sources, &target.command);
        files.insert(inventory::FILE.to_owned(), inventory);
        // crates.io requires the license files in each package.
        files.insert(
            "LICENSE-APACHE".to_owned(),
            include_str!("../../../LICENSE-APACHE").to_owned(),
        );
        files.insert(
            "LICENSE-MIT".to_owned(),
            include_str!("../../../LICENSE-MIT").to_owned(),
        );
    }
    Ok(files)
}

/// Replaces operations that descriptions name by HTTP method and path with links to their methods.
fn link_operations(document: &mut Value, normalized: &Value) -> Result<(), Problem> {
    let model = Model::read(normalized)?;
    DocLinks::new(&model, &Groups::new(&model)?).apply(document);
    Ok(())
}

/// The Rust files of a crate as syntax trees, for comparing their items. The documentation lacks the constraints.
pub fn syntax(
    normalized: &Value,
    target: &Target,
) -> Result<BTreeMap<String, syn::File>, Vec<Problem>> {
    let model = Model::read(normalized)?;
    source_files(normalized, &model, target)
}

/// The Rust files as syntax trees.
fn source_files(
    document: &Value,
    model: &Model<'_>,
    target: &Target,
) -> Result<SourceFiles, Vec<Problem>> {
    let groups = Groups::new(model)?;
    let (output, types) = run_progenitor(document, model)?;
    let mut files = fixed_files(model, &groups, target)?;
    let request_methods = read_back::request_methods(&output.requests, model);
    let context = CallContext {
        model,
        types: &types,
        request_methods: &request_methods,
        crate_name: &target.crate_name,
    };
    for (path, tokens) in groups.modules(&context) {
        let path = format!("src/resources/{path}.rs");
        let file = parsed(tokens?, &path)?;
        files.insert(path, file);
    }
    files.extend(requests::emit(model, &request_methods, &types)?);
    let items = types::emit(output.types, &types, model)?;
    files.extend(file_layout::types(items, &types, model));
    Ok(files)
}

/// The text of each file.
fn printed(files: &SourceFiles, target: &Target) -> BTreeMap<String, String> {
    let print = |(path, file): (&String, &syn::File)| (path.clone(), text(file, target));
    files.iter().map(print).collect()
}

fn text(file: &syn::File, target: &Target) -> String {
    let text = prettyplease::unparse(file);
    format!(
        "// @generated by `{}`. Do not edit.\n\n{text}",
        target.command
    )
}

/// Runs progenitor and prepares its types for being written back.
fn run_progenitor(
    document: &Value,
    model: &Model<'_>,
) -> Result<(progenitor_output::ProgenitorOutput, TypeIndex), Vec<Problem>> {
    if model.client_operations().next().is_none() {
        return Err(
            Problem::at("/paths", "the document has no operation for the client")
                .expected("at least one operation without x-sdk-ignore")
                .found(match model.operations.len() {
                    0 => "no operation".to_owned(),
                    ignored => format!("{ignored} with x-sdk-ignore"),
                })
                .help("add an operation to `paths`, or widen --include")
                .into(),
        );
    }
    let mut output = progenitor_output::run(document, model)?;
    types::recursion::box_fields(&mut output.types, model);
    let plan = WriteBackPlan::new(document, model);
    output.types = plan.prepare(output.types, model);
    let types = TypeIndex::new(&output.types, model, plan);
    Ok((output, types))
}

/// The files that do not depend on the types: `lib.rs`, the client, the operation table, rate limit plans, and the list of resources.
fn fixed_files(
    model: &Model<'_>,
    groups: &Groups<'_>,
    target: &Target,
) -> Result<SourceFiles, Problem> {
    let mut modules = BTreeMap::new();
    modules.insert(
        "src/lib.rs".to_owned(),
        front_page::library(model, target, &groups.client_methods()),
    );
    modules.insert(
        "src/client.rs".to_owned(),
        client::emit(model, target, &groups.roots())?,
    );
    for (part, tokens) in operation_table::emit(model, &groups.client_methods()) {
        let path = match part.as_str() {
            "" => "src/operations.rs".to_owned(),
            part => format!("src/operations/{part}.rs"),
        };
        modules.insert(path, tokens);
    }
    if let Some(limits) = rate_limit_constants::emit(&target.api.plans) {
        modules.insert("src/limits.rs".to_owned(), limits);
    }
    let names = groups.names().into_iter().map(names::ident);
    modules.insert(
        "src/resources.rs".to_owned(),
        quote! {
            //! The resources: operations in the groups of the API's document.

            #(pub mod #names;)*
        },
    );

    let mut files = SourceFiles::new();
    for (path, tokens) in modules {
        let file = parsed(tokens, &path)?;
        files.insert(path, file);
    }
    Ok(files)
}

/// Parses emitted tokens; `what` names them in the error.
fn parsed(tokens: TokenStream, what: &str) -> Result<syn::File, Problem> {
    syn::parse2(tokens).map_err(|error| {
        Problem::at(
            "",
            format!("the emitted code of {what} is not valid Rust: {error}"),
        )
        .help("this is a bug of the generator: add the document that causes it as a test")
    })
}
