//! Reads the files that a document refers to: `$ref` to files in its folder, or below it, become references within the document.
//!
//! Schemas, parameters, responses, request bodies and headers become components, so that files may refer to each other in cycles. Other
//! values are copied. References to URLs, to absolute paths, and to files outside of the folder stay as they are; the normalizer
//! rejects them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::diagnostic::Report;
use crate::spec::document::{Document, LIMIT};
use crate::spec::walk::Place;

/// The limit for copies within copies.
const MAX_DEPTH: usize = 20;

/// Replaces the references of a document to files. Returns the errors of files that cannot be read.
pub(crate) fn resolve(document: &mut Value, path: &Path) -> Vec<Report> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let (Ok(folder), Some(name)) = (folder.canonicalize(), path.file_name()) else {
        return Vec::new();
    };
    let mut files = Files {
        folder,
        root: name.to_string_lossy().into_owned(),
        read: BTreeMap::new(),
        size: 0,
        errors: Vec::new(),
    };
    let mut bundle = Bundle {
        taken: taken(document),
        names: BTreeMap::new(),
        pending: Vec::new(),
        finished: Vec::new(),
        depth: 0,
    };
    bundle.visit(document, Place::Document, &mut files);
    while let Some((kind, name, mut value)) = bundle.pending.pop() {
        bundle.visit(&mut value, kind.place(), &mut files);
        bundle.finished.push((kind, name, value));
    }
    for (kind, name, value) in bundle.finished {
        insert(document, kind, name, value);
    }
    files.errors
}

fn insert(document: &mut Value, kind: Kind, name: String, value: Value) {
    let components = document
        .as_object_mut()
        .map(|members| members.entry("components").or_insert_with(|| json!({})))
        .and_then(Value::as_object_mut)
        .map(|members| members.entry(kind.key()).or_insert_with(|| json!({})))
        .and_then(Value::as_object_mut);
    if let Some(components) = components {
        components.insert(name, value);
    }
}

/// A kind of component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Schema,
    Parameter,
    Response,
    RequestBody,
    Header,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Schema,
        Self::Parameter,
        Self::Response,
        Self::RequestBody,
        Self::Header,
    ];

    fn place(self) -> Place {
        match self {
            Self::Schema => Place::Schema,
            Self::Parameter => Place::Parameter,
            Self::Response => Place::Response,
            Self::RequestBody => Place::RequestBody,
            Self::Header => Place::Header,
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Schema => "schemas",
            Self::Parameter => "parameters",
            Self::Response => "responses",
            Self::RequestBody => "requestBodies",
            Self::Header => "headers",
        }
    }
}

/// The names of the components of a document.
fn taken(document: &Value) -> BTreeSet<(Kind, String)> {
    let names = |kind: Kind| {
        let components = document["components"][kind.key()].as_object();
        let names = components.into_iter().flat_map(Map::keys);
        names.map(move |name| (kind, name.clone()))
    };
    Kind::ALL.into_iter().flat_map(names).collect()
}

struct Bundle {
    taken: BTreeSet<(Kind, String)>,
    /// The components that files became, by the references to them.
    names: BTreeMap<(Kind, String), String>,
    /// Components whose own references are not resolved yet.
    pending: Vec<(Kind, String, Value)>,
    finished: Vec<(Kind, String, Value)>,
    depth: usize,
}

impl Bundle {
    fn visit(&mut self, value: &mut Value, place: Place, files: &mut Files) {
        if place == Place::Data {
            return;
        }
        let outer = self.depth;
        while let Some(reference) = value.get("$ref").and_then(Value::as_str).map(str::to_owned)
            && !reference.starts_with('#')
        {
            let kind = Kind::ALL.into_iter().find(|kind| kind.place() == place);
            if let Some(kind) = kind {
                if let Some(local) = self.component(kind, &reference, files) {
                    value["$ref"] = local.into();
                }
                break;
            }
            let Some(target) = files.target(&reference).filter(|_| self.depth < MAX_DEPTH) else {
                break;
            };
            self.depth += 1;
            let siblings = std::mem::replace(value, target);
            if let (Some(members), Value::Object(siblings)) = (value.as_object_mut(), siblings) {
                members.extend(siblings.into_iter().filter(|(key, _)| key != "$ref"));
            }
        }
        if place == Place::Schema
            && let Some(Value::Object(mapping)) = value.pointer_mut("/discriminator/mapping")
        {
            for target in mapping.values_mut() {
                if let Some(reference) = target.as_str().filter(|target| names_a_file(target))
                    && let Some(local) = self.component(Kind::Schema, reference, files)
                {
                    *target = local.into();
                }
            }
        }
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    self.visit(member, place.child(key), files);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.visit(item, place.child("0"), files);
                }
            }
            _ => {}
        }
        self.depth = outer;
    }

    /// The reference to the component that the target of a reference becomes.
    fn component(&mut self, kind: Kind, reference: &str, files: &mut Files) -> Option<String> {
        let known = (kind, reference.to_owned());
        let name = match self.names.get(&known) {
            Some(name) => name.clone(),
            None => {
                let target = files.target(reference)?;
                let base = component_name(reference);
                let mut name = base.clone();
                let mut number = 2;
                while !self.taken.insert((kind, name.clone())) {
                    name = format!("{base}{number}");
                    number += 1;
                }
                self.names.insert(known, name.clone());
                self.pending.push((kind, name.clone(), target));
                name
            }
        };
        Some(format!("#/components/{}/{name}", kind.key()))
    }
}

/// The name of a component: the last part of the fragment, or the name of the file.
fn component_name(reference: &str) -> String {
    let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let last = match fragment.rsplit('/').next() {
        Some(last) if !last.is_empty() => last,
        _ => {
            let file = file.rsplit('/').next().unwrap_or(file);
            file.split('.').next().unwrap_or(file)
        }
    };
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let name: String = last
        .chars()
        .map(|c| if is_allowed(c) { c } else { '-' })
        .collect();
    if name.is_empty() { "File".into() } else { name }
}

/// Whether the target of a discriminator is a file, and not the name of a component.
fn names_a_file(target: &str) -> bool {
    let file = target.split('#').next().unwrap_or_default();
    [".yaml", ".yml", ".json"]
        .iter()
        .any(|extension| file.ends_with(extension))
}

/// The files of a document, each with its references relative to the folder of the document.
struct Files {
    folder: PathBuf,
    /// The name of the document in the folder.
    root: String,
    read: BTreeMap<String, Option<Value>>,
    /// The size of the files that were read.
    size: u64,
    errors: Vec<Report>,
}

impl Files {
    /// The value that a reference names; `None` if it is not a file in the folder, or has no such value.
    fn target(&mut self, reference: &str) -> Option<Value> {
        let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let path = local_path("", file)?;
        if !self.read.contains_key(&path) {
            let read = self.open(&path);
            self.read.insert(path.clone(), read);
        }
        let value = self.read.get(&path)?.as_ref()?;
        let pointer: String = fragment
            .split('/')
            .skip(1)
            .map(|step| format!("/{}", decoded(step)))
            .collect();
        value.pointer(&pointer).cloned()
    }

    fn open(&mut self, path: &str) -> Option<Value> {
        let file = self.folder.join(path);
        // Symbolic links must not lead out of the folder either.
        let real = file.canonicalize().ok()?;
        if !real.starts_with(&self.folder) || self.size > LIMIT {
            return None;
        }
        self.size += std::fs::metadata(&real).map_or(0, |found| found.len());
        match Document::read_as(&real, path) {
            Ok(document) => {
                let mut value = document.value;
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                self.relocate(&mut value, folder, path);
                Some(value)
            }
            Err(report) => {
                self.errors.push(*report);
                None
            }
        }
    }

    /// Makes the references of a file relative to the folder of the document.
    fn relocate(&self, value: &mut Value, folder: &str, file: &str) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    match member {
                        Value::String(reference) if key == "$ref" => {
                            self.relocate_reference(reference, folder, file);
                        }
                        Value::Object(mapping) if key == "mapping" => {
                            for target in mapping.values_mut() {
                                if let Value::String(target) = target
                                    && (target.starts_with('#') || names_a_file(target))
                                {
                                    self.relocate_reference(target, folder, file);
                                }
                            }
                        }
                        member => self.relocate(member, folder, file),
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.relocate(item, folder, file);
                }
            }
            _ => {}
        }
    }

    fn relocate_reference(&self, reference: &mut String, folder: &str, file: &str) {
        let (target, fragment) = reference
            .split_once('#')
            .unwrap_or((reference.as_str(), ""));
        let target = match target {
            "" => Some(file.to_owned()),
            target => local_path(folder, target),
        };
        if let Some(target) = target {
            let target = if target == self.root { "" } else { &target };
            *reference = format!("{target}#{fragment}");
        }
    }
}

/// The path of a file relative to the folder of the document, without `.` and `..`; `None` if the reference is a URL or an absolute
/// path, or leads out of the folder.
fn local_path(folder: &str, reference: &str) -> Option<String> {
    let reference = decoded(reference);
    if reference.contains([':', '\\', '?']) {
        return None;
    }
    let mut parts: Vec<String> = Vec::new();
    for part in Path::new(folder).join(&reference).components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str()?.to_owned()),
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// A text without percent-encoding; unchanged if the result is not UTF-8.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let hex = (bytes[index] == b'%')
            .then(|| bytes.get(index + 1..index + 3))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match hex {
            Some(byte) => {
                out.push(byte);
                index += 3;
            }
            None => {
                out.push(bytes[index]);
                index += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}
