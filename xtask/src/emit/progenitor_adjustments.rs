//! Adjustments of progenitor's output. Each names the code that it removes or replaces, and fails if it does not find it, so that an
//! update of progenitor cannot reintroduce the code unnoticed.

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, File, ImplItem, Item, Lit, LitStr, Meta, Pat, Stmt, UseTree, parse_quote,
};

use crate::problem::Problem;

/// Reduces the methods of progenitor's client to building requests.
pub(crate) fn requests(items: Vec<Item>) -> Result<Vec<Item>, Problem> {
    let mut file: File = parse_quote!();
    file.items = items;
    remove_unused_constructor(&mut file)?;
    remove_derives(&mut file)?;
    remove_api_version(&mut file)?;
    keep_requests(&mut file)?;
    MethodCalls.visit_file_mut(&mut file);
    Ok(documentation(file.items))
}

/// Splits doc attributes into one per line. progenitor and typify put a whole description into one attribute, which
/// prettyplease prints as `/**…*/` or without a space after `///`.
pub(crate) fn documentation(items: Vec<Item>) -> Vec<Item> {
    struct SplitLines;
    impl VisitMut for SplitLines {
        fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
            *attributes = std::mem::take(attributes)
                .into_iter()
                .flat_map(lines)
                .collect();
        }
    }
    let mut items = items;
    for item in &mut items {
        SplitLines.visit_item_mut(item);
    }
    items
}

fn lines(attribute: Attribute) -> Vec<Attribute> {
    let text = match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    // A single line that is empty or starts with a space is correct already.
    let Some(text) =
        text.filter(|text| text.contains('\n') || !(text.is_empty() || text.starts_with(' ')))
    else {
        return vec![attribute];
    };
    let line = |line: String| {
        let mut attribute = attribute.clone();
        if let Meta::NameValue(pair) = &mut attribute.meta
            && let Expr::Lit(literal) = &mut pair.value
        {
            literal.lit = Lit::Str(LitStr::new(&line, Span::call_site()));
        }
        attribute
    };
    crate::emit::doc_text::lines(&text).map(line).collect()
}

/// progenitor calls the method of reqwest's client that is named like the HTTP method. reqwest has none for OPTIONS and TRACE.
struct MethodCalls;

impl VisitMut for MethodCalls {
    fn visit_expr_method_call_mut(&mut self, call: &mut syn::ExprMethodCall) {
        visit_mut::visit_expr_method_call_mut(self, call);
        let is_client = matches!(&*call.receiver, Expr::Field(field)
            if matches!(&field.member, syn::Member::Named(name) if name == "client"));
        let method: Expr = match call.method.to_string().as_str() {
            "options" => parse_quote!(::reqwest::Method::OPTIONS),
            "trace" => parse_quote!(::reqwest::Method::TRACE),
            _ => return,
        };
        if is_client {
            call.method = parse_quote!(request);
            call.args.insert(0, method);
        }
    }
}

fn missing(what: &str) -> Problem {
    Problem::at("", format!("progenitor's output has no {what}"))
        .help("check what changed in progenitor and adapt xtask/src/emit/progenitor_adjustments.rs")
}

/// Ends each method where the request is built. progenitor's code that sends it and reads the response loses status and headers if the
/// response cannot be decoded, reads bodies of any size, and would be compiled with every generated crate.
fn keep_requests(file: &mut File) -> Result<(), Problem> {
    if !file.items.iter().any(imports_path_encoding) {
        return Err(missing("import of `encode_path`"));
    }
    file.items.retain(|item| match item {
        // The traits of the hooks.
        Item::Impl(block) => block.trait_.is_none(),
        Item::Const(_) | Item::Use(_) => false,
        _ => true,
    });
    let mut methods = BuildOnly(Ok(()));
    methods.visit_file_mut(file);
    methods.0?;
    Ok(())
}

/// Whether the item imports `encode_path`, which an import of our own replaces.
fn imports_path_encoding(item: &Item) -> bool {
    matches!(item, Item::Use(import) if matches!(&import.tree, UseTree::Path(path)
        if matches!(&*path.tree, UseTree::Group(group)
            if group.items.iter().any(|tree| matches!(tree, UseTree::Name(name) if name.ident == "encode_path")))))
}

struct BuildOnly(Result<(), Problem>);

impl VisitMut for BuildOnly {
    fn visit_impl_item_fn_mut(&mut self, method: &mut syn::ImplItemFn) {
        if method.sig.asyncness.take().is_none() {
            return;
        }
        let mut statements = std::mem::take(&mut method.block.stmts).into_iter();
        let mut kept = Vec::new();
        let request = statements.find_map(|statement| match statement {
            Stmt::Local(local) if declares(&local, "request") => local.init,
            statement => {
                kept.push(statement);
                None
            }
        });
        let Some(request) = request else {
            self.0 = Err(missing("variable `request` in a method of the client"));
            return;
        };
        let request = request.expr;
        kept.push(Stmt::Expr(parse_quote!(Ok(#request)), None));
        method.block.stmts = kept;
        method.sig.output = parse_quote!(-> Result<reqwest::Request, progenitor_client::Error<()>>);
        // Compiled only for the operations that a program calls, as an async function would be.
        method.attrs.push(parse_quote!(#[inline]));
    }
}

/// Whether a variable has this name, before which progenitor puts underscores if an argument has it too.
fn declares(local: &syn::Local, name: &str) -> bool {
    matches!(&local.pat, Pat::Ident(pat) if pat.ident.to_string().trim_start_matches('_') == name)
}

/// Whether any of the methods encodes a path parameter, with our `encode_path`: progenitor's does not encode `|`, which RFC 3986
/// section 3.3 does not allow, and `\`, which the URL parser reads as a path separator.
pub(crate) fn encodes_path(methods: &[ImplItem]) -> bool {
    let mut uses = FindEncodePath(false);
    for method in methods {
        uses.visit_impl_item(method);
    }
    uses.0
}

struct FindEncodePath(bool);

impl<'ast> Visit<'ast> for FindEncodePath {
    fn visit_macro(&mut self, format: &'ast syn::Macro) {
        let named =
            |token| matches!(token, proc_macro2::TokenTree::Ident(ident) if ident == "encode_path");
        self.0 |= format.tokens.clone().into_iter().any(named);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        self.0 |= matches!(&*call.func, Expr::Path(path) if path.path.is_ident("encode_path"));
        visit::visit_expr_call(self, call);
    }
}

/// Removes `Client::new`, which creates an HTTP client with fixed timeouts. Generated crates pass the configured client.
fn remove_unused_constructor(file: &mut File) -> Result<(), Problem> {
    let mut removed = false;
    for item in &mut file.items {
        if let Item::Impl(block) = item {
            let before = block.items.len();
            block
                .items
                .retain(|item| !matches!(item, ImplItem::Fn(f) if f.sig.ident == "new"));
            removed |= block.items.len() != before;
        }
    }
    if removed {
        Ok(())
    } else {
        Err(missing("constructor `Client::new`"))
    }
}

/// Removes the derives of progenitor's client. `Debug` would print the user's HTTP client, whose default headers may contain
/// credentials.
fn remove_derives(file: &mut File) -> Result<(), Problem> {
    let mut removed = false;
    for item in &mut file.items {
        if let Item::Struct(item) = item {
            let before = item.attrs.len();
            item.attrs
                .retain(|attribute| !attribute.path().is_ident("derive"));
            removed |= item.attrs.len() != before;
        }
    }
    if removed {
        Ok(())
    } else {
        Err(missing("client that derives `Debug`"))
    }
}

/// Removes a derive from a type for which the emitter writes the implementation.
pub(crate) fn remove_derive(item: &mut syn::ItemStruct, name: &str) -> Result<(), Problem> {
    match without_derive(&mut item.attrs, name) {
        true => Ok(()),
        false => Err(missing(&format!("type that derives `{name}`"))),
    }
}

/// Removes a derive from the attributes of a type. Returns whether it was there.
pub(crate) fn without_derive(attributes: &mut [Attribute], name: &str) -> bool {
    let mut removed = false;
    for attribute in attributes {
        if !attribute.path().is_ident("derive") {
            continue;
        }
        let Meta::List(list) = &attribute.meta else {
            continue;
        };
        let Ok(paths) = list.parse_args_with(
            syn::punctuated::Punctuated::<syn::Path, syn::Token![,]>::parse_terminated,
        ) else {
            continue;
        };
        let kept: Vec<_> = paths
            .into_iter()
            .filter(|path| {
                let is_it = path.segments.last().is_some_and(|last| last.ident == name);
                removed |= is_it;
                !is_it
            })
            .collect();
        *attribute = parse_quote!(#[derive(#(#kept),*)]);
    }
    removed
}

/// Removes the header `api-version`, which progenitor sends with every request, and the map of headers if it is then empty.
fn remove_api_version(file: &mut File) -> Result<(), Problem> {
    let mut pass = RemoveApiVersion {
        methods: 0,
        removed: 0,
    };
    pass.visit_file_mut(file);
    if pass.removed == pass.methods {
        Ok(())
    } else {
        Err(missing(
            "header `api-version` in every method of the client",
        ))
    }
}

struct RemoveApiVersion {
    methods: usize,
    removed: usize,
}

impl VisitMut for RemoveApiVersion {
    fn visit_impl_item_fn_mut(&mut self, function: &mut syn::ImplItemFn) {
        if function.sig.asyncness.is_none() {
            return;
        }
        self.methods += 1;
        let statements = &mut function.block.stmts;
        let before = statements.len();
        statements.retain(|statement| !appends_api_version(statement));
        self.removed += before - statements.len();
        if !statements.iter().any(appends_to_header_map) {
            statements.retain(|statement| !declares_header_map(statement));
            for statement in statements {
                RemoveHeadersCall.visit_stmt_mut(statement);
            }
        }
    }
}

struct RemoveHeadersCall;

impl VisitMut for RemoveHeadersCall {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        if let Expr::MethodCall(call) = expression
            && call.method == "headers"
            && call.args.first().is_some_and(is_header_map)
        {
            *expression = (*call.receiver).clone();
        }
    }
}

fn appends_api_version(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(Expr::MethodCall(call), _)
        if call.method == "append"
        && matches!(call.args.first(), Some(Expr::Call(name))
            if matches!(name.args.first(), Some(Expr::Lit(literal))
                if matches!(&literal.lit, Lit::Str(text) if text.value() == "api-version"))))
}

/// Whether the statement appends to the map of headers.
fn appends_to_header_map(statement: &Stmt) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
            self.0 |= call.method == "append" && is_header_map(&call.receiver);
            visit::visit_expr_method_call(self, call);
        }
    }
    let mut find = Find(false);
    find.visit_stmt(statement);
    find.0
}

fn declares_header_map(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Local(local) if declares(local, "header_map"))
}

fn is_header_map(expression: &Expr) -> bool {
    matches!(expression, Expr::Path(path) if path.path.is_ident("header_map"))
}
