//! Adjustments to progenitor's calls, on the syntax tree. Each says which habit it removes and fails when it finds
//! nothing to remove, so that an update of progenitor cannot silently bring the habit back.

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, File, ImplItem, Item, Lit, LitStr, Meta, Pat, Stmt, UseTree, parse_quote,
};

use crate::problem::Problem;

/// Reduces the calls to the requests that they build.
pub(crate) fn requests(items: Vec<Item>) -> Result<Vec<Item>, Problem> {
    let mut file: File = parse_quote!();
    file.items = items;
    remove_unused_constructor(&mut file)?;
    remove_derives(&mut file)?;
    remove_api_version(&mut file)?;
    keep_requests(&mut file)?;
    RareMethods.visit_file_mut(&mut file);
    Ok(documentation(file.items))
}

/// progenitor and typify put a whole description into one attribute, which prints as `/**…*/` or without a space.
/// Written one line an attribute, it prints as a person would write it.
pub(crate) fn documentation(items: Vec<Item>) -> Vec<Item> {
    struct OneLineEach;
    impl VisitMut for OneLineEach {
        fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
            *attributes = std::mem::take(attributes)
                .into_iter()
                .flat_map(lines)
                .collect();
        }
    }
    let mut items = items;
    for item in &mut items {
        OneLineEach.visit_item_mut(item);
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
    // A single line that is spaced already, an empty one included, stays as it is.
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
    crate::emit::docs::lines(&text).map(line).collect()
}

/// progenitor calls a method of reqwest's client for each HTTP method, and reqwest has none for the rare ones.
struct RareMethods;

impl VisitMut for RareMethods {
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

fn gone(what: &str) -> Problem {
    Problem::at("", format!("progenitor's output no longer has {what}"))
        .help("read what changed in progenitor and mend xtask/src/emit/types/adjust.rs")
}

/// Each method ends where the request is built. progenitor's own way to send it and to read the answer loses status and
/// headers where an answer cannot be decoded, reads bodies of any size, and makes each crate compile all that anew.
fn keep_requests(file: &mut File) -> Result<(), Problem> {
    if !file.items.iter().any(imports_path_encoding) {
        return Err(gone("an import of `encode_path`"));
    }
    file.items.retain(|item| match item {
        // The hooks and what they ask of the client.
        Item::Impl(block) => block.trait_.is_none(),
        Item::Const(_) | Item::Use(_) => false,
        _ => true,
    });
    let mut methods = EndAtRequest(Ok(()));
    methods.visit_file_mut(file);
    methods.0?;
    Ok(())
}

/// Whether `encode_path` comes by its bare name, so that an import of ours takes its place.
fn imports_path_encoding(item: &Item) -> bool {
    matches!(item, Item::Use(import) if matches!(&import.tree, UseTree::Path(path)
        if matches!(&*path.tree, UseTree::Group(group)
            if group.items.iter().any(|tree| matches!(tree, UseTree::Name(name) if name.ident == "encode_path")))))
}

struct EndAtRequest(Result<(), Problem>);

impl VisitMut for EndAtRequest {
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
            self.0 = Err(gone("a request that every call builds"));
            return;
        };
        let request = request.expr;
        kept.push(Stmt::Expr(parse_quote!(Ok(#request)), None));
        method.block.stmts = kept;
        method.sig.output = parse_quote!(-> Result<reqwest::Request, progenitor_client::Error<()>>);
        // Compiled where a program calls it, as an async function would be, and not for every operation there is.
        method.attrs.push(parse_quote!(#[inline]));
    }
}

fn declares(local: &syn::Local, name: &str) -> bool {
    matches!(&local.pat, Pat::Ident(pat) if pat.ident == name)
}

/// Whether any of the methods encodes a path parameter. What it then calls is ours: progenitor's own leaves `|` and `\` as
/// they are, of which the first is not allowed by RFC 3986 and the second is taken for a path separator by the URL parser.
pub(crate) fn encodes_path(methods: &[ImplItem]) -> bool {
    let mut uses = PathParameters(false);
    for method in methods {
        uses.visit_impl_item(method);
    }
    uses.0
}

struct PathParameters(bool);

impl<'ast> Visit<'ast> for PathParameters {
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

/// `Client::new` makes an HTTP client of its own, with time-outs that nobody chose; ours is always handed in.
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
        Err(gone("a constructor `Client::new`"))
    }
}

/// progenitor's client derives `Debug`, which would print the HTTP client that a user handed in: its default headers may
/// hold credentials. Nothing clones it either.
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
        Err(gone("a client that derives `Debug`"))
    }
}

/// Takes a derive off a type that gets an implementation of ours.
pub(crate) fn remove_derive(item: &mut syn::ItemStruct, name: &str) -> Result<(), Problem> {
    let mut removed = false;
    for attribute in &mut item.attrs {
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
    if removed {
        Ok(())
    } else {
        Err(gone(&format!("a type that derives `{name}`")))
    }
}

/// progenitor sends a header `api-version` with every call, which these servers do not know. Where it was the only
/// header of a call, the map of headers goes as well.
fn remove_api_version(file: &mut File) -> Result<(), Problem> {
    let mut pass = RemoveApiVersion {
        calls: 0,
        removed: 0,
    };
    pass.visit_file_mut(file);
    if pass.removed == pass.calls {
        Ok(())
    } else {
        Err(gone("a header `api-version` in every call"))
    }
}

struct RemoveApiVersion {
    calls: usize,
    removed: usize,
}

impl VisitMut for RemoveApiVersion {
    fn visit_impl_item_fn_mut(&mut self, function: &mut syn::ImplItemFn) {
        if function.sig.asyncness.is_none() {
            return;
        }
        self.calls += 1;
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

/// Whether a header is put into the map anywhere in the statement.
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
