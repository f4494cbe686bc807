//! The documentation of the methods of resources: description, properties of the operation, and an example that compiles.

use syn::Type;

use crate::emit::calls::call_type::Call;
use crate::emit::model::ResponseEncoding;
use crate::emit::read_back::{RequestArgument, StructField};
use crate::emit::type_syntax::{self, NamedIn};
use crate::emit::types::constructors;
use crate::emit::{doc_text, names};

impl Call<'_> {
    /// The documentation of the operation.
    pub(crate) fn documentation(&self) -> String {
        let operation = self.operation;
        let mut parts = vec![operation.summary.clone(), operation.description.clone()];
        for argument in self.required() {
            let Some(parameter) = self.parameter(argument) else {
                continue;
            };
            let rules = doc_text::parameter_rules(parameter);
            let description = [doc_text::first_line(&parameter.description), rules].join(" ");
            if !description.trim().is_empty() {
                parts.push(format!(
                    "`{}`: {}",
                    self.field(argument),
                    description.trim()
                ));
            }
        }
        parts.push(doc_text::response(operation));
        parts.push(doc_text::facts(operation));
        parts.push(self.example());
        parts.retain(|part| !part.trim().is_empty());
        parts.join("\n\n")
    }

    /// An example that compiles. Required values are arguments of a hidden function.
    fn example(&self) -> String {
        let krate = self.context.crate_name.replace('-', "_");
        let mut hidden = vec![format!("client: {krate}::Client")];
        let mut lines = Vec::new();
        let mut passed = Vec::new();
        let mut body = None;
        let named: Vec<&str> = self.named().iter().map(|a| a.ident.as_str()).collect();
        for argument in self.required() {
            let name = argument.ident.clone();
            match self.construction(argument) {
                Some((construction, needs)) => {
                    hidden.extend(needs);
                    lines.push(construction);
                }
                None if self.is_text(argument)
                    && type_syntax::generic("Vec", &argument.ty).is_none() =>
                {
                    hidden.push(format!("{name}: &str"));
                }
                None => hidden.push(format!("{name}: {}", self.example_type(&argument.ty))),
            }
            if self.is_body(argument) {
                body = Some(name);
            } else if !named.contains(&name.as_str()) {
                passed.push(name);
            }
        }
        if !named.is_empty() {
            let module = names::module_name(self.group);
            let name = self.required_struct_name();
            lines.insert(0, format!("use {krate}::resources::{module}::{name};\n"));
            passed.push(format!("{name} {{ {} }}", named.join(", ")));
        }
        passed.extend(body);
        let groups = self
            .group
            .iter()
            .map(|g| format!(".{}()", names::snake_name(g)))
            .collect::<String>();
        let call = format!("client{groups}.{}({})", self.method, passed.join(", "));
        if self.operation.paging.is_some() {
            lines.push(format!("let mut items = {call}.stream();"));
            lines.push(
                "while let Some(item) = items.try_next().await? {\n    println!(\"{item:?}\");\n}"
                    .to_owned(),
            );
        } else if self.operation.bulk_outcome.is_some() {
            lines.push(format!(
                "for failure in {call}.await?.failures() {{\n    println!(\"{{failure:?}}\");\n}}"
            ));
        } else if matches!(
            self.operation.response_media.encoding,
            ResponseEncoding::Events | ResponseEncoding::Lines
        ) {
            lines.push(format!("let mut items = {call}.await?;"));
            lines.push(
                "while let Some(item) = items.try_next().await? {\n    println!(\"{item:?}\");\n}"
                    .to_owned(),
            );
        } else if type_syntax::last_name(&self.request.output).is_none() {
            lines.push(format!("{call}.await?;"));
        } else {
            lines.push(format!(
                "let response = {call}.await?;\nprintln!(\"{{response:?}}\");"
            ));
        }
        let allow = if self.operation.is_deprecated {
            "# #[allow(deprecated)]\n"
        } else {
            ""
        };
        format!(
            "```no_run\n{allow}# async fn example({}) -> Result<(), {krate}::Error> {{\n{}\n# Ok(())\n# }}\n```",
            hidden.join(", "),
            lines.join("\n")
        )
    }

    /// The statements that construct a body in the example, and the arguments of the example that they use.
    fn construction(&self, argument: &RequestArgument) -> Option<(String, Vec<String>)> {
        let name = type_syntax::last_name(&argument.ty).filter(|_| self.is_body(argument))?;
        let component = self.context.model.components.get(&name);
        let variant = component.and_then(|component| component.union.as_ref()?.first());
        let name = variant.map_or(name, |variant| variant.ty.clone());
        let fields = self.context.types.structs.get(&name)?;
        let required: Vec<_> = fields.iter().filter(|field| !field.optional).collect();
        let krate = self.context.crate_name.replace('-', "_");
        let list = required
            .iter()
            .map(|field| field.ident.clone())
            .collect::<Vec<_>>()
            .join(", ");
        // A field may have the name of a path parameter; both would be arguments of the same function.
        let clashes = |field: &&StructField| {
            self.required().any(|a| a.ident == field.ident) || field.ident == "client"
        };
        if required.iter().any(clashes) {
            return None;
        }
        let needs = required
            .iter()
            .map(|field| format!("{}: {}", field.ident, self.example_type(&field.ty)))
            .collect();
        let argument = &argument.ident;
        let construction = match required.as_slice() {
            [] => format!("let {argument} = {krate}::types::{name}::new();"),
            [only] => {
                let with = constructors::with_name(only, fields);
                format!("let {argument} = {krate}::types::{name}::{with}({list});")
            }
            _ => {
                let struct_name = self.context.types.required_structs.get(&name)?;
                format!(
                    "use {krate}::types::{{{name}, {struct_name}}};\n\nlet {argument} = {name}::new({struct_name} {{ {list} }});"
                )
            }
        };
        Some((construction, needs))
    }

    /// A type as the example names it.
    fn example_type(&self, ty: &Type) -> String {
        let code = NamedIn::Example(self.context.crate_name);
        type_syntax::text_of(&type_syntax::named_in(code, ty, self.context.model))
    }
}
