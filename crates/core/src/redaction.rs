//! What a server's message may not repeat in an error: the secrets of the call.

use serde_json::Value;

use crate::SecretString;
use crate::problem::visible;

/// Words in the name of a member that holds a secret, compared without case and separators.
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

/// What is shorter is no secret, and would hide words of the message.
const SHORTEST: usize = 4;

/// The secrets of one call.
#[derive(Debug, Default)]
pub(crate) struct Redaction(Vec<SecretString>);

impl Redaction {
    pub(crate) fn add(&mut self, secret: &str) {
        let secret = visible(secret);
        if secret.chars().count() >= SHORTEST {
            self.0.push(secret.into());
        }
    }

    /// Adds the text below every member of `value` that is named like a secret.
    pub(crate) fn add_members(&mut self, value: &Value) {
        self.walk(value, false);
    }

    fn walk(&mut self, value: &Value, is_secret: bool) {
        match value {
            Value::String(text) if is_secret => self.add(text),
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, is_secret)),
            Value::Object(members) => members
                .iter()
                .for_each(|(name, value)| self.walk(value, is_secret || names_a_secret(name))),
            _ => {}
        }
    }

    /// `text` on one line, without control characters and without any of the secrets.
    pub(crate) fn apply(&self, text: &str) -> String {
        let mut secrets: Vec<&str> = self.0.iter().map(SecretString::secret).collect();
        // One secret may contain another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets
            .into_iter()
            .fold(visible(text), |text, secret| text.replace(secret, "[…]"))
    }
}

fn names_a_secret(name: &str) -> bool {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    let name: String = letters.flat_map(char::to_lowercase).collect();
    SECRET_NAMES.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_found_by_the_names_of_their_members() {
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
    fn secret_is_found_whatever_invisible_characters_surround_or_split_it() {
        let mut redaction = Redaction::default();
        redaction.add("s3cr3t\n");
        redaction.add("s3cr3t-and-more");
        assert_eq!(
            redaction.apply("a s3c\u{202e}r3t,\nb s3cr3t-and-more\u{1b}"),
            "a […], b […]"
        );
    }
}
