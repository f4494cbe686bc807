//! The emitter: from a normalized document to the files of a client crate. progenitor makes the types and the low-level
//! calls; what it has no notion of (resources, setters, checks, paging, outcomes) is written beside them.

mod calls;
mod client;
mod docs;
mod layout;
mod manifest;
mod model;
mod names;
mod operations;
mod raw;
mod types;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use crate::guard::guard;
use crate::problem::Problem;
use crate::sources::ApiData;
use calls::call;
use layout::Sources;
pub use manifest::dependencies;
use model::Model;
pub(crate) use names::is_device;
pub(crate) use names::{snake_name, type_name};
use operations::resources::Groups;
use types::shapes;
use types::write_back::Plan;

/// What is to be made of a document.
#[derive(Debug, Clone)]
pub struct Target {
    /// The name of the crate.
    pub crate_name: String,
    /// Its version.
    pub version: String,
    /// The path of `auth0-core`, relative to the crate.
    pub core_path: String,
    /// What is particular to this API.
    pub api: ApiData,
    /// The command that makes the crate, for the first line of each file.
    pub command: String,
    /// Whether the crate is a member of this workspace, from which it then inherits, and has to document everything.
    pub member: bool,
}

/// Generates the files of a crate by their paths in it.
pub fn generate(normalized: &Value, target: &Target) -> Result<BTreeMap<String, String>, Problem> {
    let mut document = normalized.clone();
    docs::state_rules(&mut document);
    let model = Model::read(&document)?;
    let mut files = written(&document, &model, target)?;
    files.insert("Cargo.toml".to_owned(), manifest::manifest(&model, target));
    files.insert("README.md".to_owned(), manifest::readme(&model, target));
    if target.member {
        // Each package carries the licences, as crates.io wants it.
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

/// The texts of the Rust files. Two threads write them, because writing down is most of the work: the one runs progenitor
/// and writes what comes of that, the other what stands around, and then both the modules of the groups, whoever has time
/// for the next. What is written does not depend on who writes it.
fn written(document: &Value, model: &Model<'_>, target: &Target) -> Result<Texts, Problem> {
    let groups = Groups::new(model)?;
    let next = AtomicUsize::new(0);
    let modules = |types: &types::items::Types, methods: &BTreeMap<String, shapes::Method>| {
        let context = context(model, types, methods, target);
        let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        numbers
            .map_while(|number| module(&groups, number, &context))
            .map(|(path, file)| {
                let text = file.map(|file| text(&file, target));
                (path, text)
            })
            .collect::<BTreeMap<String, Result<String, Problem>>>()
    };
    let (sender, receiver) = mpsc::channel::<shapes::Portable>();
    let (around, lower) = std::thread::scope(|scope| {
        let around = scope.spawn(|| {
            let receiver = receiver;
            guard("the generator", || {
                let files = printed(&surroundings(model, &groups, target)?, target);
                // Nothing comes where progenitor failed.
                let modules = receiver.recv().map(|portable| {
                    let (methods, types) = portable.unpacked();
                    modules(&types, &methods)
                });
                Ok((files, modules.unwrap_or_default()))
            })
            .and_then(|done| done)
        });
        let lower = || {
            // Dropped whatever happens: the other thread waits for it.
            let sender = sender;
            let (raw, methods, types) = read_back(document, model)?;
            let _ = sender.send(shapes::Portable::new(&methods, &types));
            let files = printed(&lower(raw, &types, model)?, target);
            Ok((files, modules(&types, &methods)))
        };
        let lower = lower();
        let around = around.join().unwrap_or_else(|_| {
            // Whatever panics there is caught there.
            Err(Problem::at("", "the generator was interrupted"))
        });
        (around, lower)
    });
    // What progenitor cannot take is told before all else.
    let (mut files, some) = lower?;
    let (rest, others) = around?;
    files.extend(rest);
    // In the order of their names, so that of several problems it is always the same that is told.
    let modules: BTreeMap<_, _> = some.into_iter().chain(others).collect();
    for (path, text) in modules {
        files.insert(path, text?);
    }
    Ok(files)
}

/// The Rust files of a crate as syntax trees, for reading what is in them: without the words on rules that only the
/// documentation needs.
pub fn syntax(normalized: &Value, target: &Target) -> Result<BTreeMap<String, syn::File>, Problem> {
    let model = Model::read(normalized)?;
    let (raw, methods, types) = read_back(normalized, &model)?;
    let groups = Groups::new(&model)?;
    let mut files = surroundings(&model, &groups, target)?;
    let context = context(&model, &types, &methods, target);
    for (path, file) in (0..).map_while(|number| module(&groups, number, &context)) {
        files.insert(path, file?);
    }
    files.extend(lower(raw, &types, &model)?);
    Ok(files)
}

/// Files by their paths in the crate.
type Texts = BTreeMap<String, String>;

/// The text of each file.
fn printed(files: &Sources, target: &Target) -> Texts {
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

fn context<'c>(
    model: &'c Model<'c>,
    types: &'c types::items::Types,
    methods: &'c BTreeMap<String, shapes::Method>,
    target: &'c Target,
) -> call::Context<'c> {
    call::Context {
        model,
        types,
        methods,
        crate_name: &target.crate_name,
    }
}

/// The module of a group, with its path.
fn module(
    groups: &Groups<'_>,
    number: usize,
    context: &call::Context<'_>,
) -> Option<(String, Result<syn::File, Problem>)> {
    let (name, tokens) = groups.module(number, context)?;
    let path = format!("src/resources/{name}.rs");
    let file = tokens.and_then(|tokens| parsed(tokens, &path));
    Some((path, file))
}

/// What progenitor makes of the document, and what is read back from that.
fn read_back(
    document: &Value,
    model: &Model<'_>,
) -> Result<
    (
        raw::Raw,
        BTreeMap<String, shapes::Method>,
        types::items::Types,
    ),
    Problem,
> {
    if model.operations.iter().all(|operation| operation.ignored) {
        return Err(
            Problem::at("/paths", "there is no operation to make a client of")
                .expected("at least one operation that the client can call")
                .found(match model.operations.len() {
                    0 => "none".to_owned(),
                    ignored => format!("{ignored}, all left out (x-sdk-ignore)"),
                })
                .help("give a document with such an operation under `paths`, or a wider --include"),
        );
    }
    let mut raw = raw::run(document)?;
    let plan = Plan::new(document, model);
    raw.types = plan.prepare(raw.types, model);
    let methods = shapes::methods(&raw.calls);
    let types = types::items::Types::new(&raw.types, model, plan);
    Ok((raw, methods, types))
}

/// The files that are made of what progenitor made: it is a tree already, and to write it down and read it again would
/// take longer than all else here.
fn lower(
    raw: raw::Raw,
    types: &types::items::Types,
    model: &Model<'_>,
) -> Result<Sources, Problem> {
    let mut files = layout::requests(types::adjust::requests(raw.calls)?, model);
    files.extend(layout::types(
        types::items::emit(raw.types, types, model)?,
        types,
        model,
    ));
    Ok(files)
}

/// The files that stand around that, without the modules of the groups.
fn surroundings(
    model: &Model<'_>,
    groups: &Groups<'_>,
    target: &Target,
) -> Result<Sources, Problem> {
    let mut modules = BTreeMap::new();
    modules.insert("src/lib.rs".to_owned(), manifest::library(model, target));
    modules.insert(
        "src/client.rs".to_owned(),
        client::builder::emit(model, target, &groups.roots())?,
    );
    for (part, tokens) in operations::table::emit(model, &groups.client_methods()) {
        let path = match part.as_str() {
            "" => "src/operations.rs".to_owned(),
            part => format!("src/operations/{part}.rs"),
        };
        modules.insert(path, tokens);
    }
    if let Some(limits) = client::limits::emit(&target.api.plans) {
        modules.insert("src/limits.rs".to_owned(), limits);
    }
    let names = groups.names().into_iter().map(names::ident);
    modules.insert(
        "src/resources.rs".to_owned(),
        quote! {
            //! The operations, in the groups of the API's own document.

            #(pub mod #names;)*
        },
    );

    let mut files = Sources::new();
    for (path, tokens) in modules {
        let file = parsed(tokens, &path)?;
        files.insert(path, file);
    }
    Ok(files)
}

/// Tokens that the emitter wrote as a syntax tree.
fn parsed(tokens: TokenStream, what: &str) -> Result<syn::File, Problem> {
    syn::parse2(tokens).map_err(|error| {
        Problem::at("", format!("the emitter wrote something that is not Rust into {what}: {error}"))
            .help("this is a defect of the generator, and the document that brought it out would make a good test")
    })
}
