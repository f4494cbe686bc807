//! Client credentials whose settings are in the environment.

use auth0_core::SecretString;

use super::{ClientCredentials, ClientCredentialsBuilder};
use crate::error::Error;
use crate::signing::{PrivateKey, SigningAlgorithm};

/// The names that Auth0's tools have for the key: its SDKs, and its Terraform provider.
const KEYS: [&str; 3] = [
    "AUTH0_PRIVATE_KEY",
    "AUTH0_CLIENT_ASSERTION_SIGNING_KEY",
    "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY",
];

const ALGORITHM: &str = "AUTH0_CLIENT_ASSERTION_SIGNING_ALG";

impl ClientCredentials {
    /// Takes the settings from the environment, by the names that Auth0's own tools use:
    ///
    /// | variable | is |
    /// | --- | --- |
    /// | `AUTH0_DOMAIN` | the domain of the tenant; required |
    /// | `AUTH0_CLIENT_ID` | the client's id; required |
    /// | `AUTH0_CLIENT_SECRET` | its secret |
    /// | `AUTH0_PRIVATE_KEY` | instead of the secret: its private key in PEM, where line ends may be written `\n` |
    /// | `AUTH0_CLIENT_ASSERTION_SIGNING_KEY`, `AUTH0_CLIENT_ASSERTION_PRIVATE_KEY` | other names of the same |
    /// | `AUTH0_CLIENT_ASSERTION_SIGNING_ALG` | what it signs with, such as `ES256`; `RS256` where it is not set |
    /// | `AUTH0_AUDIENCE` | the API that the token is for; required |
    /// | `AUTH0_ORGANIZATION` | the organization that the token is for |
    ///
    /// White space around a value is removed, and an empty variable counts as none. What else there is to set can be set on the builder.
    ///
    /// # Errors
    ///
    /// A [configuration error](Error::is_configuration) if the key cannot be read or a variable is no Unicode. What is
    /// missing is told by [`build`](ClientCredentialsBuilder::build).
    pub fn from_env() -> Result<ClientCredentialsBuilder, Error> {
        from(|name| match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(format!("{name}: expected Unicode, found something else"))
            }
        })
    }
}

/// The same, of whatever knows the variables.
fn from(
    variable: impl Fn(&str) -> Result<Option<String>, String>,
) -> Result<ClientCredentialsBuilder, Error> {
    let mut faults = Vec::new();
    let mut get = |name| match variable(name) {
        Ok(value) => value
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty()),
        Err(fault) => {
            faults.push(fault);
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
            Err(fault) => faults.push(format!("{name}: {fault}")),
        }
        faults.extend(keys.map(|(other, _)| format!("expected one key, found {name} and {other}")));
    }
    if faults.is_empty() {
        Ok(builder)
    } else {
        Err(Error::configuration(faults))
    }
}

fn key(pem: &str, algorithm: Option<&str>) -> Result<PrivateKey, String> {
    let algorithm = match algorithm {
        None => SigningAlgorithm::Rs256,
        Some(name) => SigningAlgorithm::of_name(name).ok_or_else(|| {
            format!(
                "{ALGORITHM} says with what it signs: expected RS256, RS384, PS256, PS384, ES256 or ES384, found another"
            )
        })?,
    };
    // Files of settings and consoles of CI systems take one line for a variable.
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

    fn of(variables: &[(&str, &str)]) -> Result<ClientCredentials, Error> {
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        };
        from(find)?.build()
    }

    #[test]
    fn variables_are_all_there_then_they_are_the_settings() {
        let source = of(&[
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
    fn variables_come_from_files_then_their_line_breaks_are_removed() {
        let source = of(&[
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
    fn variables_are_missing_or_empty_then_the_error_names_all_of_them() {
        let error = of(&[
            ("AUTH0_DOMAIN", "acme.us.auth0.com"),
            ("AUTH0_CLIENT_ID", ""),
        ])
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the settings cannot be used: client_id is missing; client_secret is missing; audience is missing"
        );
    }

    #[test]
    fn key_cannot_be_read_then_the_error_names_its_variable_and_not_the_key() {
        let error = of(&[("AUTH0_PRIVATE_KEY", "pl4nted")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the settings cannot be used: AUTH0_PRIVATE_KEY: expected a private RSA key in PEM for RS256, found \
             something else"
        );
    }

    fn pem() -> String {
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
        use base64::Engine as _;

        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let text = base64::engine::general_purpose::STANDARD.encode(pair.to_pkcs8v1().unwrap());
        format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
    }

    #[test]
    fn key_is_given_by_any_of_its_names_and_on_one_line_then_it_signs() {
        for name in KEYS {
            for pem in [pem(), pem().replace('\n', "\\n")] {
                of(&[
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
    fn key_is_given_twice_or_for_an_unknown_algorithm_then_it_is_refused() {
        let error = of(&[
            (KEYS[0], &pem()),
            (KEYS[2], "pl4nted"),
            (ALGORITHM, "ES256"),
        ]);
        assert_eq!(
            error.unwrap_err().to_string(),
            "the settings cannot be used: expected one key, found AUTH0_PRIVATE_KEY and \
             AUTH0_CLIENT_ASSERTION_PRIVATE_KEY"
        );
        let error = of(&[(KEYS[1], &pem()), (ALGORITHM, "none")]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(
                "AUTH0_CLIENT_ASSERTION_SIGNING_KEY: AUTH0_CLIENT_ASSERTION_SIGNING_ALG says"
            ),
            "{text}"
        );
        // An algorithm without a key is nothing to complain of: tools share their settings.
        let error = of(&[(ALGORITHM, "none")]).unwrap_err();
        assert!(error.to_string().contains("client_secret is missing"));
    }
}
