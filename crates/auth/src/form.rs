//! Forms of token requests, and which of their fields are secret.

use auth0_core::SecretString;
use url::form_urlencoded;

/// A form that is encoded as `application/x-www-form-urlencoded`.
#[derive(Clone, Default)]
pub(crate) struct Form(Vec<Field>);

#[derive(Clone)]
struct Field {
    name: String,
    value: SecretString,
    is_secret: bool,
}

impl Form {
    /// Creates the form of a grant (RFC 6749 §4).
    pub(crate) fn of_grant(grant_type: &str) -> Self {
        Self::default().field("grant_type", grant_type)
    }

    /// Adds a public field.
    pub(crate) fn field(self, name: &str, value: &str) -> Self {
        self.add(name, value.into(), false)
    }

    /// Adds a public field, unless the value is missing or empty.
    pub(crate) fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) if !value.is_empty() => self.field(name, value),
            _ => self,
        }
    }

    /// Adds a field whose value is redacted everywhere.
    pub(crate) fn secret(self, name: &str, value: &SecretString) -> Self {
        self.add(name, value.clone(), true)
    }

    fn add(mut self, name: &str, value: SecretString, is_secret: bool) -> Self {
        self.0.push(Field {
            name: name.to_owned(),
            value,
            is_secret,
        });
        self
    }

    /// Inserts other fields after the first, which is the kind of request.
    pub(crate) fn with(mut self, others: Self) -> Self {
        let place = self.0.len().min(1);
        self.0.splice(place..place, others.0);
        self
    }

    /// Returns the encoded body.
    pub(crate) fn encoded(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for field in &self.0 {
            form.append_pair(&field.name, field.value.secret());
        }
        form.finish()
    }

    /// Returns the values to redact, plain and encoded.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let secrets = self.0.iter().filter(|field| field.is_secret);
        secrets
            .flat_map(|field| [field.value.clone(), encode(field.value.secret()).into()])
            .collect()
    }
}

/// Form-encodes a text.
pub(crate) fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
