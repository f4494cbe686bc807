//! Adjustments to progenitor's calls, on the syntax tree. Each says which habit it removes and fails when it finds
//! nothing to remove, so that an update of progenitor cannot silently bring the habit back.

use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Expr, File, ImplItem, Item, Lit, Meta, Pat, Stmt, UseTree, parse_quote};

use crate::problem::Problem;

/// Adjusts the calls.
pub(super) fn calls(items: Vec<Item>) -> Result<Vec<Item>, Problem> {
    let mut file: File = parse_quote!(#(#items)*);
    replace_path_encoding(&mut file)?;
    remove_unused_constructor(&mut file)?;
    remove_api_version(&mut file);
    Ok(documentation(file.items))
}

/// progenitor and typify put a whole description into one attribute, which prints as `/**…*/` or without a space.
/// Written one line an attribute, it prints as a person would write it.
pub(super) fn documentation(items: Vec<Item>) -> Vec<Item> {
    struct OneLineEach;
    impl VisitMut for OneLineEach {
        fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
            *attributes = std::mem::take(attributes)
                .into_iter()
                .flat_map(lines)
                .collect();
        }
    }
    let mut file: File = parse_quote!(#(#items)*);
    OneLineEach.visit_file_mut(&mut file);
    file.items
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
    let doc = super::docs::doc(&text);
    parse_quote!(#doc)
}

fn gone(what: &str) -> Problem {
    Problem::at("", format!("progenitor's output no longer has {what}"))
        .help("read what changed in progenitor and mend xtask/src/generate/adjust.rs")
}

/// progenitor's `encode_path` leaves `|` and `\` as they are: the first is not allowed by RFC 3986, the second is
/// taken for a path separator by the URL parser.
fn replace_path_encoding(file: &mut File) -> Result<(), Problem> {
    let mut replaced = false;
    for item in &mut file.items {
        if let Item::Use(import) = item
            && let UseTree::Path(path) = &mut import.tree
            && let UseTree::Group(group) = &mut *path.tree
        {
            let before = group.items.len();
            group.items = std::mem::take(&mut group.items)
                .into_iter()
                .filter(|tree| !matches!(tree, UseTree::Name(name) if name.ident == "encode_path"))
                .collect();
            replaced |= group.items.len() != before;
        }
    }
    if !replaced {
        return Err(gone("an import of `encode_path`"));
    }
    let takes_path_parameters = quote::ToTokens::to_token_stream(&file)
        .to_string()
        .contains("encode_path (");
    if takes_path_parameters {
        file.items.insert(
            0,
            parse_quote!(
                use ::auth0_core::encode_path;
            ),
        );
    }
    Ok(())
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

/// progenitor sends a header `api-version`, which these servers do not know. (The transport strips it as well.)
fn remove_api_version(file: &mut File) {
    struct Remove;
    impl VisitMut for Remove {
        fn visit_block_mut(&mut self, block: &mut syn::Block) {
            visit_mut::visit_block_mut(self, block);
            block
                .stmts
                .retain(|statement| !appends_api_version(statement));
            let used = block.stmts.iter().any(appends_to_header_map);
            if !used {
                block
                    .stmts
                    .retain(|statement| !declares_header_map(statement));
                for statement in &mut block.stmts {
                    RemoveHeadersCall.visit_stmt_mut(statement);
                }
            }
        }
    }
    struct RemoveHeadersCall;
    impl VisitMut for RemoveHeadersCall {
        fn visit_expr_mut(&mut self, expression: &mut Expr) {
            visit_mut::visit_expr_mut(self, expression);
            if let Expr::MethodCall(call) = expression {
                let takes_the_map = matches!(call.args.first(), Some(Expr::Path(path)) if path.path.is_ident("header_map"));
                if call.method == "headers" && takes_the_map {
                    *expression = (*call.receiver).clone();
                }
            }
        }
    }
    Remove.visit_file_mut(file);
}

fn appends_api_version(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(Expr::MethodCall(call), _)
        if call.method == "append"
        && matches!(call.args.first(), Some(Expr::Call(name))
            if matches!(name.args.first(), Some(Expr::Lit(literal))
                if matches!(&literal.lit, Lit::Str(text) if text.value() == "api-version"))))
}

fn appends_to_header_map(statement: &Stmt) -> bool {
    !declares_header_map(statement)
        && quote::ToTokens::to_token_stream(statement)
            .to_string()
            .contains("header_map . append")
}

fn declares_header_map(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Local(local) if matches!(&local.pat, Pat::Ident(pat) if pat.ident == "header_map"))
}
