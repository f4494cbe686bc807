//! The fields of a request to the token endpoint, and which of them must never be seen again.

use auth0_core::SecretString;
use url::form_urlencoded;

/// An `application/x-www-form-urlencoded` body in the making.
#[derive(Clone, Default)]
pub(crate) struct Form(Vec<Field>);

#[derive(Clone)]
struct Field {
    name: String,
    value: SecretString,
    is_secret: bool,
}

impl Form {
    /// The form of a grant (RFC 6749 §4).
    pub(crate) fn of_grant(grant_type: &str) -> Self {
        Self::default().field("grant_type", grant_type)
    }

    /// Adds a field that may be shown.
    pub(crate) fn field(self, name: &str, value: &str) -> Self {
        self.add(name, value.into(), false)
    }

    /// Adds a field that may be shown, where there is something to say.
    pub(crate) fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) if !value.is_empty() => self.field(name, value),
            _ => self,
        }
    }

    /// Adds a field whose value must not be repeated anywhere.
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

    /// The same with other fields put behind the first, which is the kind of request.
    pub(crate) fn with(mut self, others: Self) -> Self {
        let place = self.0.len().min(1);
        self.0.splice(place..place, others.0);
        self
    }

    /// The body.
    pub(crate) fn encoded(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for field in &self.0 {
            form.append_pair(&field.name, field.value.secret());
        }
        form.finish()
    }

    /// The values that must not be repeated, as they are and as they are encoded.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let secrets = self.0.iter().filter(|field| field.is_secret);
        secrets
            .flat_map(|field| [field.value.clone(), encode(field.value.secret()).into()])
            .collect()
    }
}

/// A text as it stands in a form.
pub(crate) fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
