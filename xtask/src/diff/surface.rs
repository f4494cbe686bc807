//! Compares the public items of the generated crates, to verify the version level that the rules determine.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use syn::{Fields, FnArg, ImplItem, Item, ReturnType, Visibility};

use super::calls::{self, Calls, ChangedCall};
use super::change::{DocumentChange, Subject};
use super::rules::{Level, Rule};
use crate::console::Failure;
use crate::emit::{CoreSource, Target};
use crate::lower::Options;
use crate::pipeline;
use crate::sources::ApiData;
use crate::spec::source::{Format, Source};

/// The differences between the public items of two crates, each as a line of Rust.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surface {
    /// Removed items.
    pub removed: Vec<String>,
    /// Added items.
    pub added: Vec<String>,
    /// Changed items: the old and the new line.
    pub changed: Vec<(String, String)>,
    /// Methods and constructors that users call in another way.
    pub calls: Vec<ChangedCall>,
}

impl Surface {
    /// Returns a change if the items require a higher level than the rules.
    pub(super) fn raised(&self, level: Option<Level>) -> Option<DocumentChange> {
        let breaking = self.removed.len() + self.changed.len();
        let (rule, count) = if breaking > 0 {
            ("rust-item-removed", breaking)
        } else if !self.added.is_empty() {
            ("rust-item-added", self.added.len())
        } else {
            return None;
        };
        let rule = Rule::named(rule);
        if level >= Some(rule.level(None)) {
            return None;
        }
        let first = self
            .removed
            .first()
            .or(self.changed.first().map(|(was, _)| was))
            .or(self.added.first());
        let more = match count {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let text = first.map(|first| format!("{first}{more}"));
        let (was, is) = if breaking > 0 {
            (text, None)
        } else {
            (None, text)
        };
        Some(DocumentChange {
            rule,
            level: rule.level(None),
            subject: Subject::Document,
            place: String::new(),
            was,
            is,
            guess: None,
            directions: Vec::new(),
            operations: Vec::new(),
            rust: None,
            old_at: Vec::new(),
            new_at: Vec::new(),
            facts: Vec::new(),
        })
    }
}

/// Generates both crates and compares their public items. The error is the reason why a crate could not be generated.
/// `methods` are the calls of the operations of both documents.
pub(super) fn compare(old: &Value, new: &Value, methods: &[&str]) -> Result<Surface, String> {
    const NAMES: (&str, &str) = ("the old document", "the new document");
    let old = normalized(old, NAMES.0, None)?;
    // Two threads, because generation takes most of the time of a comparison.
    let (old, new) = std::thread::scope(|scope| {
        let other = scope.spawn(|| items(&old, NAMES.0, methods));
        let new = normalized(new, NAMES.1, Some(&old));
        let new = new.and_then(|new| items(&new, NAMES.1, methods));
        let old = other
            .join()
            .unwrap_or_else(|_| Err("the old document could not be generated".to_owned()));
        (old, new)
    });
    let ((old, old_calls), (new, new_calls)) = (old?, new?);
    let changed = old.iter().filter_map(|(key, item)| {
        let other = new.get(key).filter(|other| *other != item)?;
        Some((item.clone(), other.clone()))
    });
    Ok(Surface {
        removed: only_in(&old, &new),
        added: only_in(&new, &old),
        changed: changed.collect(),
        calls: calls::changed(&old_calls, &new_calls),
    })
}

/// Returns the items that only the first crate has. Members of a missing type are not listed separately.
fn only_in(items: &Items, others: &Items) -> Vec<String> {
    let owner = |key: &str| {
        key.rfind(['.', ':'])
            .map(|end| key[..end].trim_end_matches(':').to_owned())
    };
    items
        .iter()
        .filter(|(key, _)| {
            let whole = owner(key)
                .is_some_and(|owner| items.contains_key(&owner) && !others.contains_key(&owner));
            !others.contains_key(*key) && !whole
        })
        .map(|(_, item)| item.clone())
        .collect()
}

type Items = BTreeMap<String, String>;

/// Why a document cannot be generated.
fn note(name: &str, failure: &Failure) -> String {
    let problem = failure.0.first().map(|report| {
        let problem = report.problem();
        let at = match problem.pointer.as_str() {
            "" => String::new(),
            pointer => format!(" (at {pointer})"),
        };
        format!("{}{at}", problem.message)
    });
    format!(
        "{name} cannot be generated, so the Rust items were not compared: {}",
        problem.unwrap_or_default()
    )
}

/// Normalizes a document as the next version of `previous`.
fn normalized(document: &Value, name: &str, previous: Option<&Value>) -> Result<Value, String> {
    let source = Source {
        name: name.to_owned(),
        text: String::new(),
        format: Format::Json,
    };
    let options = Options {
        previous,
        ..Options::default()
    };
    let normalized = pipeline::normalize(document.clone(), &source, &options);
    Ok(normalized.map_err(|failure| note(name, &failure))?.document)
}

/// Generates the crate of a normalized document and returns its public items and calls.
fn items(normalized: &Value, name: &str, methods: &[&str]) -> Result<(Items, Calls), String> {
    let target = Target {
        crate_name: "compared".to_owned(),
        version: "0.1.0".to_owned(),
        core: CoreSource::Path(String::new()),
        api: ApiData::of_document(normalized),
        command: String::new(),
        member: false,
    };
    let files = pipeline::syntax(normalized, name, &target);
    let files = files.map_err(|failure| note(name, &failure))?;
    let private = private_modules(&files);
    let mut items = Items::new();
    for (path, file) in &files {
        let Some(module) = path
            .strip_prefix("src/")
            .and_then(|path| path.strip_suffix(".rs"))
        else {
            continue;
        };
        let module = match module {
            // The client is in a private module, and `lib.rs` re-exports it.
            "client" => String::new(),
            module => match module.split_once('/').unwrap_or((module, "")) {
                (first, _) if private.contains(first) => continue,
                // The submodules of these are private, and their items are re-exported.
                (first @ ("operations" | "types"), _) => format!("{first}::"),
                _ => format!("{}::", module.replace('/', "::")),
            },
        };
        for item in &file.items {
            read(item, &module, &mut items);
        }
    }
    Ok((items, calls::read(&files, methods.iter().copied())))
}

/// The private modules of `lib.rs`.
fn private_modules(files: &BTreeMap<String, syn::File>) -> BTreeSet<String> {
    let library = files.get("src/lib.rs");
    let items = library.into_iter().flat_map(|file| &file.items);
    items
        .filter_map(|item| match item {
            Item::Mod(module) if !public(&module.vis) => Some(module.ident.to_string()),
            _ => None,
        })
        .collect()
}

fn public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Formats tokens on one line, without the spaces that `quote` inserts.
fn text(tokens: &impl quote::ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    text.replace(" :: ", "::")
        .replace(":: ", "::")
        .replace(" < ", "<")
        .replace(" <", "<")
        .replace("< ", "<")
        .replace(" >", ">")
        .replace(" ,", ",")
        .replace(",>", ">")
        .replace("& ", "&")
}

fn read(item: &Item, module: &str, items: &mut Items) {
    let mut add = |key: String, item: String| {
        items.insert(key, item);
    };
    match item {
        Item::Struct(item) if public(&item.vis) => {
            let name = format!("{module}{}", item.ident);
            add(name.clone(), format!("struct {name}"));
            if let Fields::Unnamed(fields) = &item.fields {
                for (index, field) in fields
                    .unnamed
                    .iter()
                    .enumerate()
                    .filter(|(_, field)| public(&field.vis))
                {
                    add(
                        format!("{name}.{index}"),
                        format!("{name}.{index}: {}", text(&field.ty)),
                    );
                }
            }
            for field in item.fields.iter().filter(|field| public(&field.vis)) {
                if let Some(ident) = &field.ident {
                    add(
                        format!("{name}.{ident}"),
                        format!("{name}.{ident}: {}", text(&field.ty)),
                    );
                }
            }
        }
        Item::Enum(item) if public(&item.vis) => {
            let name = format!("{module}{}", item.ident);
            add(name.clone(), format!("enum {name}"));
            for variant in &item.variants {
                let shown = format!("{name}::{}", variant.ident);
                let held: Vec<String> =
                    variant.fields.iter().map(|field| text(&field.ty)).collect();
                let held = match held.as_slice() {
                    [] => String::new(),
                    held => format!("({})", held.join(", ")),
                };
                add(shown.clone(), format!("{shown}{held}"));
            }
        }
        Item::Type(item) if public(&item.vis) => {
            let name = format!("{module}{}", item.ident);
            add(name.clone(), format!("type {name} = {}", text(&item.ty)));
        }
        Item::Static(item) if public(&item.vis) => {
            let name = format!("{module}{}", item.ident);
            add(name.clone(), format!("static {name}: {}", text(&item.ty)));
        }
        Item::Fn(item) if public(&item.vis) => {
            let name = format!("{module}{}", item.sig.ident);
            add(name.clone(), format!("fn {name}{}", signature(&item.sig)));
        }
        Item::Mod(item) if public(&item.vis) => {
            let inner = format!("{module}{}::", item.ident);
            for item in item.content.iter().flat_map(|(_, items)| items) {
                read(item, &inner, items);
            }
        }
        Item::Impl(item) if item.trait_.is_none() => {
            let of = format!("{module}{}", text(&item.self_ty));
            for function in &item.items {
                if let ImplItem::Fn(function) = function
                    && public(&function.vis)
                {
                    let name = format!("{of}::{}", function.sig.ident);
                    add(
                        name.clone(),
                        format!("fn {name}{}", signature(&function.sig)),
                    );
                }
            }
        }
        _ => {}
    }
}

/// Formats type parameters, argument types and the return type. Argument names are omitted, because arguments are
/// positional.
fn signature(signature: &syn::Signature) -> String {
    let arguments: Vec<String> = signature
        .inputs
        .iter()
        .map(|argument| match argument {
            FnArg::Receiver(receiver) => text(receiver),
            FnArg::Typed(argument) => text(&argument.ty),
        })
        .collect();
    let output = match &signature.output {
        ReturnType::Default => String::new(),
        ReturnType::Type(_, ty) => format!(" -> {}", text(ty)),
    };
    let generics = text(&signature.generics)
        .replace(" :::", ": ::")
        .replace("::std::convert::Into", "Into");
    format!("{generics}({}){output}", arguments.join(", "))
}
