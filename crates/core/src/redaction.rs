//! Removes the secrets of a call from messages of the server.

use serde_json::Value;
use url::form_urlencoded;

use crate::SecretString;
use crate::problem::single_line;

/// Words in the names of members with secrets, compared without case and separators.
const SECRET_NAMES: [&str; 11] = [
    "secret",
    "password",
    "passphrase",
    "token",
    "apikey",
    "privatekey",
    "signingkey",
    "credential",
    "assertion",
    "ticket",
    "invitationurl",
];

/// Shorter texts are not redacted, because they would hide words of the message.
const MIN_LENGTH: usize = 4;

/// The secrets of one call.
#[derive(Debug, Default)]
pub(crate) struct Redaction(Vec<SecretString>);

impl Redaction {
    pub(crate) fn add(&mut self, secret: &str) {
        let shown = single_line(secret);
        if shown.chars().count() < MIN_LENGTH {
            return;
        }
        // A server may repeat a URL or a form as it received it, with encoded line breaks.
        let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        if encoded != shown {
            self.0.push(encoded.replace('+', "%20").into());
            self.0.push(encoded.into());
        }
        self.0.push(shown.into());
    }

    /// Adds the value of a member of a form if its name is that of a secret. The value may be JSON.
    pub(crate) fn add_member(&mut self, name: &str, value: &str) {
        let is_secret = is_secret_name(name);
        if is_secret {
            self.add(value);
        }
        if let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(value) {
            self.collect(&value, is_secret);
        }
    }

    /// Adds all strings below members of `value` whose name is that of a secret.
    pub(crate) fn add_members(&mut self, value: &Value) {
        self.collect(value, false);
    }

    fn collect(&mut self, value: &Value, is_secret: bool) {
        match value {
            Value::String(text) if is_secret => self.add(text),
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, is_secret)),
            Value::Object(members) => members
                .iter()
                .for_each(|(name, value)| self.collect(value, is_secret || is_secret_name(name))),
            _ => {}
        }
    }

    /// Returns `text` on one line, without non-printable characters and without the secrets.
    pub(crate) fn apply(&self, text: &str) -> String {
        let mut secrets: Vec<&str> = self.0.iter().map(SecretString::secret).collect();
        // Longest first, because a secret may contain another one.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.into_iter().fold(single_line(text), |text, secret| {
            text.replace(secret, "[…]")
        })
    }
}

fn is_secret_name(name: &str) -> bool {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    let name: String = letters.flat_map(char::to_lowercase).collect();
    SECRET_NAMES.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_found_by_member_name() {
        let mut redaction = Redaction::default();
        redaction.add_members(&json!({
            "name": "acme", "options": {"clientSecret": "s3cr3t-1", "scope": "openid"},
            "signing_keys": [{"pem": "s3cr3t-2"}], "list": [{"API-Key": "s3cr3t-3"}],
            "ticket": "s3cr3t-4", "ticket_id": "s3cr3t-5", "invitation_url": "https://acme.test/s3cr3t-6",
        }));
        redaction.add("bearer");
        redaction.add("abc");
        assert_eq!(
            redaction.apply(
                "acme: s3cr3t-1, s3cr3t-2, s3cr3t-3, s3cr3t-4, s3cr3t-5, https://acme.test/s3cr3t-6, openid, bearer, abc"
            ),
            "acme: […], […], […], […], […], […], openid, […], abc"
        );
    }

    #[test]
    fn secret_is_found_in_its_encoded_forms() {
        let mut redaction = Redaction::default();
        redaction.add("s3cr3t/a b");
        redaction.add_member("api_key", "s3cr3t&1");
        redaction.add_member(
            "options",
            r#"{"client_secret": "s3cr3t-2", "scope": "openid"}"#,
        );
        redaction.add_member("scope", "email");
        redaction.add("s3cr3t\n3");
        assert_eq!(
            redaction.apply(
                "s3cr3t/a b, s3cr3t%2Fa+b, s3cr3t%2Fa%20b, s3cr3t&1, s3cr3t%261, s3cr3t-2, openid, email, s3cr3t%0A3"
            ),
            "[…], […], […], […], […], […], openid, email, […]"
        );
    }

    #[test]
    fn secret_with_invisible_characters_is_redacted() {
        let mut redaction = Redaction::default();
        redaction.add("s3cr3t\n");
        redaction.add("s3cr3t-and-more");
        assert_eq!(
            redaction.apply("a s3c\u{202e}r3t,\nb s3cr3t-and-more\u{1b}"),
            "a […], b […]"
        );
    }
}
