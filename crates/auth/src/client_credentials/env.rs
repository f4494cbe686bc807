//! Client credentials from environment variables.

use auth0_core::SecretString;

use super::{ClientCredentials, ClientCredentialsBuilder};
use crate::error::Error;
use crate::signing::{PrivateKey, SigningAlgorithm};

/// The variables of Auth0's SDKs and its Terraform provider for the private key.
const KEYS: [&str; 3] = [
    "AUTH0_PRIVATE_KEY",
    "AUTH0_CLIENT_ASSERTION_SIGNING_KEY",
    "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY",
];

const ALGORITHM: &str = "AUTH0_CLIENT_ASSERTION_SIGNING_ALG";

impl ClientCredentials {
    /// Creates a builder from the environment variables that Auth0's own tools use:
    ///
    /// | variable | meaning |
    /// | --- | --- |
    /// | `AUTH0_DOMAIN` | domain of the tenant; required |
    /// | `AUTH0_CLIENT_ID` | client ID; required |
    /// | `AUTH0_CLIENT_SECRET` | client secret |
    /// | `AUTH0_PRIVATE_KEY` | private key in PEM, instead of the secret; line breaks may be written as `\n` |
    /// | `AUTH0_CLIENT_ASSERTION_SIGNING_KEY`, `AUTH0_CLIENT_ASSERTION_PRIVATE_KEY` | alternative names of the private key |
    /// | `AUTH0_CLIENT_ASSERTION_SIGNING_ALG` | signing algorithm, such as `ES256`; default: `RS256` |
    /// | `AUTH0_AUDIENCE` | API that the token is for; required |
    /// | `AUTH0_ORGANIZATION` | organization that the token is for |
    ///
    /// Surrounding white space is removed, and an empty variable counts as unset. Other settings can be set on the builder.
    ///
    /// ```
    /// use auth0_auth::ClientCredentials;
    ///
    /// # fn example() -> Result<(), auth0_auth::Error> {
    /// let source = ClientCredentials::from_env()?.scope("read:members").build()?;
    /// # let _ = source;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [configuration error](Error::is_configuration) if the key is invalid or a variable is not valid Unicode.
    /// [`build`](ClientCredentialsBuilder::build) reports missing settings.
    pub fn from_env() -> Result<ClientCredentialsBuilder, Error> {
        read(|name| match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(format!("{name}: expected Unicode, found invalid bytes"))
            }
        })
    }
}

/// Reads the settings with a lookup function, for tests.
fn read(
    variable: impl Fn(&str) -> Result<Option<String>, String>,
) -> Result<ClientCredentialsBuilder, Error> {
    let mut problems = Vec::new();
    let mut get = |name| match variable(name) {
        Ok(value) => value
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty()),
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    let mut builder = ClientCredentials::builder(get("AUTH0_DOMAIN").unwrap_or_default())
        .client_id(get("AUTH0_CLIENT_ID").unwrap_or_default())
        .audience(get("AUTH0_AUDIENCE").unwrap_or_default());
    if let Some(secret) = get("AUTH0_CLIENT_SECRET") {
        builder = builder.client_secret(secret);
    }
    if let Some(organization) = get("AUTH0_ORGANIZATION") {
        builder = builder.organization(organization);
    }
    let algorithm = get(ALGORITHM);
    let keys = KEYS.map(|name| get(name).map(|pem| (name, pem)));
    let mut keys = keys.into_iter().flatten();
    if let Some((name, pem)) = keys.next() {
        match key(&pem, algorithm.as_deref()) {
            Ok(key) => builder = builder.private_key_jwt(key),
            Err(problem) => problems.push(format!("{name}: {problem}")),
        }
        problems
            .extend(keys.map(|(other, _)| format!("expected one key, found {name} and {other}")));
    }
    if problems.is_empty() {
        Ok(builder)
    } else {
        Err(Error::configuration(problems))
    }
}

fn key(pem: &str, algorithm: Option<&str>) -> Result<PrivateKey, String> {
    let algorithm = match algorithm {
        None => SigningAlgorithm::Rs256,
        Some(name) => SigningAlgorithm::of_name(name).ok_or_else(|| {
            format!(
                "{ALGORITHM}: expected RS256, RS384, PS256, PS384, ES256 or ES384, found another value"
            )
        })?,
    };
    // `.env` files and the consoles of CI systems accept one line per variable.
    let lines;
    let pem = match pem.contains("\\n") {
        true => {
            lines = SecretString::from(pem.replace("\\n", "\n"));
            lines.secret()
        }
        false => pem,
    };
    PrivateKey::from_pem(pem, algorithm).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(variables: &[(&str, &str)]) -> Result<ClientCredentials, Error> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        };
        read(lookup)?.build()
    }

    #[test]
    fn variables_become_the_settings() {
        let source = build(&[
            ("AUTH0_DOMAIN", "acme.us.auth0.com"),
            ("AUTH0_CLIENT_ID", "id"),
            ("AUTH0_CLIENT_SECRET", "secret"),
            ("AUTH0_AUDIENCE", "https://acme.teams.auth0.com/api/"),
            ("AUTH0_ORGANIZATION", "org_1"),
        ])
        .unwrap();
        assert_eq!(
            format!("{source:?}"),
            "ClientCredentials { domain: \"acme.us.auth0.com\", client_id: \"id\", audience: \
             \"https://acme.teams.auth0.com/api/\", .. }"
        );
        assert_eq!(source.0.grant.organization.as_deref(), Some("org_1"));
    }

    #[test]
    fn line_breaks_around_variables_are_removed() {
        let source = build(&[
            ("AUTH0_DOMAIN", "acme.us.auth0.com\n"),
            ("AUTH0_CLIENT_ID", " id\r\n"),
            ("AUTH0_CLIENT_SECRET", "secret\n"),
            ("AUTH0_AUDIENCE", "https://acme.teams.auth0.com/api/\n"),
            ("AUTH0_ORGANIZATION", "org_1\n"),
        ])
        .unwrap();
        assert_eq!(
            format!("{source:?}"),
            "ClientCredentials { domain: \"acme.us.auth0.com\", client_id: \"id\", audience: \
             \"https://acme.teams.auth0.com/api/\", .. }"
        );
        assert_eq!(source.0.grant.organization.as_deref(), Some("org_1"));
    }

    #[test]
    fn missing_and_empty_variables_are_all_reported() {
        let error = build(&[
            ("AUTH0_DOMAIN", "acme.us.auth0.com"),
            ("AUTH0_CLIENT_ID", ""),
        ])
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid settings: client_id is missing; client_secret is missing; audience is missing"
        );
    }

    #[test]
    fn invalid_key_is_reported_with_its_variable_and_without_its_text() {
        let error = build(&[("AUTH0_PRIVATE_KEY", "pl4nted")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid settings: AUTH0_PRIVATE_KEY: expected a private RSA key in PEM for RS256, found \
             something else"
        );
    }

    fn pem() -> String {
        let key = crate::DpopKey::generate().unwrap();
        key.to_pem().unwrap().secret().to_owned()
    }

    #[test]
    fn key_is_read_from_each_of_its_variables_and_from_one_line() {
        for name in KEYS {
            for pem in [pem(), pem().replace('\n', "\\n")] {
                build(&[
                    ("AUTH0_DOMAIN", "acme.us.auth0.com"),
                    ("AUTH0_CLIENT_ID", "id"),
                    ("AUTH0_AUDIENCE", "https://acme.teams.auth0.com/api/"),
                    (name, &pem),
                    (ALGORITHM, "ES256"),
                ])
                .unwrap();
            }
        }
    }

    #[test]
    fn second_key_and_unknown_algorithm_are_rejected() {
        let error = build(&[
            (KEYS[0], &pem()),
            (KEYS[2], "pl4nted"),
            (ALGORITHM, "ES256"),
        ]);
        assert_eq!(
            error.unwrap_err().to_string(),
            "invalid settings: expected one key, found AUTH0_PRIVATE_KEY and \
             AUTH0_CLIENT_ASSERTION_PRIVATE_KEY"
        );
        let error = build(&[(KEYS[1], &pem()), (ALGORITHM, "none")]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(
                "AUTH0_CLIENT_ASSERTION_SIGNING_KEY: AUTH0_CLIENT_ASSERTION_SIGNING_ALG: expected"
            ),
            "{text}"
        );
        // An algorithm without a key is not an error: tools share their environment.
        let error = build(&[(ALGORITHM, "none")]).unwrap_err();
        assert!(error.to_string().contains("client_secret is missing"));
    }
}
