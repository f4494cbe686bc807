//! The setters of the types. A crate has thousands of them, all alike but for names and types, so each is put together
//! from parts that were parsed once: to parse every one took a tenth of the time of generating.

use proc_macro2::Ident;
use quote::format_ident;
use syn::{
    Attribute, Expr, ExprAssign, ExprCall, ExprField, ExprMethodCall, FnArg, ImplItem, ImplItemFn,
    Lit, Member, Meta, Stmt, Type, parse_quote,
};

use crate::emit::model::Model;
use crate::emit::names;
use crate::emit::types::items::{Taking, converted, parameter_type, taking};
use crate::emit::types::shapes::{self, Field};

/// What all setters have in common.
pub(crate) struct Setters {
    /// A setter that takes and sets nothing.
    none: ImplItemFn,
    argument: FnArg,
    this: Expr,
    some: ExprCall,
    into: ExprMethodCall,
}

impl Setters {
    pub(crate) fn new() -> Self {
        Self {
            none: parse_quote! {
                #[doc = ""]
                #[must_use]
                pub fn none(mut self) -> Self {
                    self
                }
            },
            argument: parse_quote!(none: ()),
            this: parse_quote!(self),
            some: parse_quote!(::std::option::Option::Some()),
            into: parse_quote!(none.into()),
        }
    }

    /// The setter of an optional field.
    pub(crate) fn of(&self, field: &Field, model: &Model<'_>) -> ImplItem {
        let ident = format_ident!("{}", field.ident);
        let inner = shapes::generic("Option", &field.ty);
        let ty = inner.unwrap_or(&field.ty);
        let (taken, value) = self.taken(&ident, ty, model);
        let value = match inner {
            Some(_) => {
                let mut some = self.some.clone();
                some.args.push(value);
                Expr::Call(some)
            }
            None => value,
        };
        let mut setter = self.none.clone();
        document(
            &mut setter.attrs,
            &format!(
                " Sets [`{0}`](Self#structfield.{0}).",
                field.ident.trim_start_matches("r#")
            ),
        );
        setter.sig.ident = format_ident!("{}", names::unlike(field.ident.clone(), &["new"]));
        let mut argument = self.argument.clone();
        if let FnArg::Typed(argument) = &mut argument {
            *argument.ty = taken;
            *argument.pat = syn::Pat::Ident(syn::PatIdent {
                attrs: Vec::new(),
                by_ref: None,
                mutability: None,
                ident: ident.clone(),
                subpat: None,
            });
        }
        setter.sig.inputs.push(argument);
        let set = self.assignment(ident, value);
        setter.block.stmts.insert(0, set);
        ImplItem::Fn(setter)
    }

    /// The type of the argument for a value of `ty`, and the value that is made of it.
    fn taken(&self, name: &Ident, ty: &Type, model: &Model<'_>) -> (Type, Expr) {
        let value = match taking(ty, model) {
            Taking::Plain => return (ty.clone(), variable(name)),
            Taking::Into => {
                let mut into = self.into.clone();
                *into.receiver = variable(name);
                Expr::MethodCall(into)
            }
            Taking::List(_) => {
                let value = converted(name, ty, model);
                parse_quote!(#value)
            }
        };
        let taken = parameter_type(ty, model);
        (parse_quote!(#taken), value)
    }

    fn assignment(&self, field: Ident, value: Expr) -> Stmt {
        let place = Expr::Field(ExprField {
            attrs: Vec::new(),
            base: Box::new(self.this.clone()),
            dot_token: Default::default(),
            member: Member::Named(field),
        });
        let set = Expr::Assign(ExprAssign {
            attrs: Vec::new(),
            left: Box::new(place),
            eq_token: Default::default(),
            right: Box::new(value),
        });
        Stmt::Expr(set, Some(Default::default()))
    }
}

fn variable(name: &Ident) -> Expr {
    Expr::Path(syn::ExprPath {
        attrs: Vec::new(),
        qself: None,
        path: name.clone().into(),
    })
}

/// Writes the documentation into the attribute that is there for it.
fn document(attributes: &mut [Attribute], text: &str) {
    if let Some(Attribute {
        meta: Meta::NameValue(pair),
        ..
    }) = attributes.first_mut()
        && let Expr::Lit(literal) = &mut pair.value
    {
        literal.lit = Lit::Str(syn::LitStr::new(text, proc_macro2::Span::call_site()));
    }
}
