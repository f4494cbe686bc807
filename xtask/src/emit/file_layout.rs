//! Distribution of the generated code over files. Public paths do not depend on it: the modules below `types`, `requests` and
//! `operations` are private, and their items are re-exported.
//!
//! Requests and the operation table are split by the first name of the group. A type is placed with the only group that uses
//! it and, within the group, with types whose names start with the same words; a very large type has its own file. File sizes
//! and counts do not matter, so an addition to a document moves no unrelated code.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase as _;
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item};

use crate::emit::model::{Model, OperationModel};
use crate::emit::names;
use crate::emit::types::TypeIndex;

/// The Rust files of a crate by their paths in it.
pub(crate) type SourceFiles = BTreeMap<String, syn::File>;

/// The module of types that several groups use.
const SHARED: &str = "shared";

/// The number of types of a group that start with the same words from which they get their own file.
const SAME_WORDS: usize = 6;

/// The number of fields from which a struct gets its own file; with its setters it has about 600 lines.
const MANY_FIELDS: usize = 40;

/// The modules that typify generates beside the types.
const BESIDE_TYPES: [&str; 2] = ["defaults", "error"];

/// The module of an operation below `operations` and `requests`.
pub(crate) fn module_of(operation: &OperationModel<'_>) -> String {
    names::module_name(operation.group.get(..1).unwrap_or_default())
}

/// `types.rs`, with the items that belong to no type, and the modules below it with the types.
pub(crate) fn types(items: Vec<Item>, types: &TypeIndex, model: &Model<'_>) -> SourceFiles {
    let places = TypePlaces::new(model);
    let required: BTreeSet<&str> = types
        .required_structs
        .values()
        .map(String::as_str)
        .collect();
    let mut parts: BTreeMap<Vec<String>, Vec<Item>> = BTreeMap::from([(Vec::new(), Vec::new())]);
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut place = Vec::new();
    for item in items {
        match &item {
            Item::Struct(syn::ItemStruct { ident, .. })
            | Item::Enum(syn::ItemEnum { ident, .. })
            | Item::Type(syn::ItemType { ident, .. }) => {
                let name = ident.to_string();
                // The struct of required fields follows the type that it constructs.
                if !required.contains(name.as_str()) {
                    place = places.of(&name);
                }
                names.insert(name, place.clone());
            }
            // An implementation belongs to the type before it.
            Item::Impl(_) => {}
            _ => place = Vec::new(),
        }
        for length in 0..place.len() {
            parts.entry(place[..length].to_vec()).or_default();
        }
        parts.entry(place.clone()).or_default().push(item);
    }
    let files = parts.iter().map(|(place, items)| {
        let mut file = declarations(place, &parts, model);
        file.items.extend(imports(place, items, &names));
        file
    });
    let mut files: Vec<syn::File> = files.collect();
    parts
        .into_iter()
        .zip(&mut files)
        .map(|((place, items), file)| {
            file.items.extend(items);
            let file = std::mem::replace(file, syn::parse_quote!());
            (format!("src/{}.rs", path(&place).join("/")), file)
        })
        .collect()
}

/// The path of the module of a place.
fn path(place: &[String]) -> Vec<&str> {
    std::iter::once("types")
        .chain(place.iter().map(String::as_str))
        .collect()
}

/// The start of a file of types: its documentation and the modules below it.
fn declarations(
    place: &[String],
    parts: &BTreeMap<Vec<String>, Vec<Item>>,
    model: &Model<'_>,
) -> syn::File {
    let below = parts
        .keys()
        .filter(|other| other.len() == place.len() + 1 && other.starts_with(place))
        .filter_map(|other| other.last())
        .map(|part| names::ident(part));
    let below: Vec<_> = below.collect();
    let doc = match place {
        [] => format!(" Types of the {}.", model.title),
        [part] if part == SHARED => " Types that several resources use.".to_owned(),
        place => format!(" Types of `{}`.", place.join("::")),
    };
    syn::parse_quote! {
        #![doc = #doc]

        #(mod #below;)*

        #(pub use #below::*;)*
    }
}

/// The imports of the items that other files define.
fn imports(place: &[String], items: &[Item], names: &BTreeMap<String, Vec<String>>) -> Vec<Item> {
    let mut named = Named::default();
    for item in items {
        named.visit_item(item);
    }
    let foreign: Vec<_> = named
        .found
        .iter()
        .filter(|name| match names.get(*name) {
            Some(other) => other != place,
            None => !place.is_empty() && BESIDE_TYPES.contains(&name.as_str()),
        })
        // The items of modules below are re-exported.
        .filter(|name| {
            names
                .get(*name)
                .is_none_or(|other| !other.starts_with(place))
        })
        .map(|name| names::ident(name))
        .collect();
    match foreign.as_slice() {
        [] => Vec::new(),
        [only] => vec![syn::parse_quote!(use crate::types::#only;)],
        _ => vec![syn::parse_quote!(use crate::types::{#(#foreign),*};)],
    }
}

/// The names that items use without a path, except for those of generic parameters.
#[derive(Default)]
struct Named {
    found: BTreeSet<String>,
    parameters: Vec<String>,
}

impl Named {
    fn within(&mut self, generics: &syn::Generics, visit: impl FnOnce(&mut Self)) {
        let outer = self.parameters.len();
        let parameters = generics.type_params();
        self.parameters
            .extend(parameters.map(|parameter| parameter.ident.to_string()));
        visit(self);
        self.parameters.truncate(outer);
    }

    fn add(&mut self, name: String) {
        if !self.parameters.contains(&name) {
            self.found.insert(name);
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                // The modules beside the types are not used in macros.
                TokenTree::Ident(ident) if !BESIDE_TYPES.contains(&ident.to_string().as_str()) => {
                    self.add(ident.to_string());
                }
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Named {
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.within(&item.generics, |named| visit::visit_item_impl(named, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.within(&item.sig.generics, |named| {
            visit::visit_impl_item_fn(named, item);
        });
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        visit::visit_path(self, path);
        let mut segments = path.segments.iter();
        let Some(first) = segments.next().filter(|_| path.leading_colon.is_none()) else {
            return;
        };
        match segments.next() {
            Some(second) if first.ident == "self" => self.add(second.ident.to_string()),
            // A variable.
            None if BESIDE_TYPES.contains(&first.ident.to_string().as_str()) => {}
            _ => self.add(first.ident.to_string()),
        }
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        // serde attributes contain paths of functions as strings.
        if let syn::Meta::List(list) = &attribute.meta
            && attribute.path().is_ident("serde")
            && list.tokens.to_string().contains("\"defaults::")
        {
            self.add("defaults".to_owned());
        }
    }
}

/// The module of each type.
struct TypePlaces {
    /// The module of the group of each type, and the name of the type in snake case.
    types: BTreeMap<String, (String, String)>,
    /// The types with their own file.
    large: BTreeSet<String>,
    /// The number of types of each group that start with the same words.
    alike: BTreeMap<String, BTreeMap<String, usize>>,
}

impl TypePlaces {
    fn new(model: &Model<'_>) -> Self {
        let mut users: BTreeMap<&str, BTreeSet<&[String]>> = BTreeMap::new();
        for operation in &model.operations {
            let mut pending: Vec<&str> = operation.references().map(String::as_str).collect();
            while let Some(name) = pending.pop() {
                // If the group is known as a user of the type, it is known for the types that it refers to.
                if users.entry(name).or_default().insert(&operation.group) {
                    let component = model.components.get(name);
                    let references = component
                        .into_iter()
                        .flat_map(|component| &component.references);
                    pending.extend(references.map(String::as_str));
                }
            }
        }
        let mut types = BTreeMap::new();
        let mut alike: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for name in model.components.keys() {
            let users = users.get(name.as_str());
            let group = users.map_or_else(|| SHARED.to_owned(), common);
            let words = name.to_snake_case();
            let alike = alike.entry(group.clone()).or_default();
            for beginning in beginnings(&words) {
                match alike.get_mut(beginning) {
                    Some(count) => *count += 1,
                    None => drop(alike.insert(beginning.to_owned(), 1)),
                }
            }
            types.insert(name.clone(), (group, words));
        }
        let large = model.components.iter();
        let large = large.filter(|(_, component)| component.properties.len() >= MANY_FIELDS);
        let large = large.map(|(name, _)| name.clone()).collect();
        Self {
            types,
            large,
            alike,
        }
    }

    fn of(&self, name: &str) -> Vec<String> {
        let Some((group, words)) = self.types.get(name) else {
            return vec![SHARED.to_owned()];
        };
        let group_module = names::unlike(group.clone(), &BESIDE_TYPES);
        if self.large.contains(name) {
            return vec![
                group_module,
                names::module_name(std::slice::from_ref(words)),
            ];
        }
        let alike = self.alike.get(group);
        let enough = |beginning: &&str| {
            alike
                .and_then(|alike| alike.get(*beginning))
                .is_some_and(|count| *count >= SAME_WORDS)
        };
        let beginning = beginnings(words).take_while(enough).last();
        let mut place = vec![group_module];
        place.extend(beginning.map(|words| names::module_name(&[words.to_owned()])));
        place
    }
}

/// The first word of a name, its first two words, and so on up to the whole name.
fn beginnings(words: &str) -> impl Iterator<Item = &str> {
    let ends = words.match_indices('_').map(|(end, _)| end);
    ends.chain([words.len()]).map(|end| &words[..end])
}

/// The module of the group that all users of a type belong to.
fn common(users: &BTreeSet<&[String]>) -> String {
    let (Some(first), Some(last)) = (users.first(), users.last()) else {
        return SHARED.to_owned();
    };
    if first == last {
        names::module_name(first)
    } else if first.first() == last.first() {
        // They are sorted, so all share the prefix of the first and the last.
        names::module_name(first.get(..1).unwrap_or_default())
    } else {
        SHARED.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::lower::{self, Options};

    #[test]
    fn type_with_many_fields_gets_its_own_file() {
        let object = |fields: usize| {
            let properties: Map<String, Value> = (0..fields)
                .map(|field| (format!("f{field}"), json!({"type": "string"})))
                .collect();
            json!({"type": "object", "properties": properties})
        };
        let body = |name: &str| json!({"content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}}});
        let document = json!({
            "openapi": "3.0.3",
            "info": {"title": "t", "version": "1"},
            "paths": {"/things": {"post": {
                "operationId": "makeThing",
                "tags": ["Things"],
                "requestBody": body("Wide"),
                "responses": {"200": {"description": "", "content": body("Narrow")["content"]}},
            }}},
            "components": {"schemas": {"Wide": object(MANY_FIELDS), "Narrow": object(MANY_FIELDS - 1)}},
        });
        let document = lower::normalize(document, &Options::default()).unwrap();
        let model = Model::read(&document.document).unwrap();
        let places = TypePlaces::new(&model);
        assert_eq!(places.of("Wide"), ["things", "wide"]);
        assert_eq!(places.of("Narrow"), ["things"]);
    }

    fn users(groups: &[&[&str]]) -> String {
        let groups: Vec<Vec<String>> = groups
            .iter()
            .map(|group| group.iter().map(|name| (*name).to_owned()).collect())
            .collect();
        common(&groups.iter().map(Vec::as_slice).collect())
    }

    #[test]
    fn type_is_placed_with_the_common_group_of_its_users() {
        assert_eq!(users(&[&["members", "tenants"]]), "members_tenants");
        assert_eq!(users(&[&["members"], &["members", "tenants"]]), "members");
        assert_eq!(users(&[&["members"], &["tenants"]]), "shared");
        assert_eq!(users(&[]), "shared");
    }
}
