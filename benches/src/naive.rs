//! The comparison: the output of progenitor for the normalized document, in builder style and otherwise with default
//! settings.

use std::error::Error;

use openapiv3::OpenAPI;
use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::Value;

/// Generates the client as one formatted file.
pub fn client(normalized: &Value) -> Result<String, Box<dyn Error>> {
    let document: OpenAPI = serde_json::from_value(normalized.clone())?;
    let mut settings = GenerationSettings::new();
    settings.with_interface(InterfaceStyle::Builder);
    let tokens = Generator::new(&settings).generate_tokens(&document)?;
    Ok(prettyplease::unparse(&syn::parse2(tokens)?))
}
