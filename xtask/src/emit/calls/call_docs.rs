//! The documentation of a call: the words of the document, the facts of the table, and an example that compiles.

use syn::Type;

use crate::emit::calls::call::Call;
use crate::emit::docs;
use crate::emit::model::reference;
use crate::emit::names;
use crate::emit::operations::paths::{self, View};
use crate::emit::types::constructors;
use crate::emit::types::shapes;
use crate::emit::types::shapes::Argument;

impl Call<'_> {
    /// The documentation of the operation.
    pub(crate) fn documentation(&self) -> String {
        let operation = self.operation;
        let mut parts = vec![operation.summary.clone(), operation.description.clone()];
        for argument in self.required() {
            let Some(parameter) = self.parameter(argument) else {
                continue;
            };
            let rules = docs::parameter_rules(parameter.schema);
            let description = [docs::first_line(&parameter.description), rules].join(" ");
            if !description.trim().is_empty() {
                parts.push(format!(
                    "`{}`: {}",
                    self.field(argument),
                    description.trim()
                ));
            }
        }
        if operation.outcome.is_none() && !operation.success_description.is_empty() {
            parts.push(format!("Answer: {}", operation.success_description));
        }
        parts.push(docs::facts(operation));
        parts.push(self.example());
        parts.retain(|part| !part.trim().is_empty());
        parts.join("\n\n")
    }

    /// An example that compiles: required values are arguments of a hidden function.
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
                None if self.reads_text(argument)
                    && shapes::generic("Vec", &argument.ty).is_none() =>
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
            let name = self.arguments_name();
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
        } else if self.operation.outcome.is_some() {
            lines.push(format!(
                "for failure in {call}.await?.failures() {{\n    println!(\"{{failure:?}}\");\n}}"
            ));
        } else if shapes::last_name(&self.raw.output).is_none() {
            lines.push(format!("{call}.await?;"));
        } else {
            lines.push(format!(
                "let answer = {call}.await?;\nprintln!(\"{{answer:?}}\");"
            ));
        }
        let allow = if self.operation.deprecated {
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

    /// The statements with which the example constructs a body; the values are arguments of the example.
    fn construction(&self, argument: &Argument) -> Option<(String, Vec<String>)> {
        let name = shapes::last_name(&argument.ty).filter(|_| self.is_body(argument))?;
        let variant = self
            .context
            .model
            .schemas
            .get(&name)
            .and_then(|schema| reference(&schema["oneOf"][0]));
        let name = variant.unwrap_or(name);
        let fields = self.context.types.structs.get(&name)?;
        let required: Vec<_> = fields.iter().filter(|field| !field.optional).collect();
        let krate = self.context.crate_name.replace('-', "_");
        let list = required
            .iter()
            .map(|field| field.ident.clone())
            .collect::<Vec<_>>()
            .join(", ");
        // A body field may be called like a parameter of the path; both would be arguments of the same function.
        let clash = |field: &&&shapes::Field| {
            self.required().any(|a| a.ident == field.ident) || field.ident == "client"
        };
        if required.iter().any(|field| clash(&field)) {
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
                let struct_name = self.context.types.required.get(&name)?;
                format!(
                    "use {krate}::types::{{{name}, {struct_name}}};\n\nlet {argument} = {name}::new({struct_name} {{ {list} }});"
                )
            }
        };
        Some((construction, needs))
    }

    /// A type as an example outside of the crate writes it.
    fn example_type(&self, ty: &Type) -> String {
        paths::text_of(&paths::seen_from(
            View::Outside(self.context.crate_name),
            ty,
            self.context.model,
        ))
    }
}
