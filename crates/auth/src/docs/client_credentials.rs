//! Client credentials: a program that acts for itself (RFC 6749 §4.4).
//!
//! # When to use it
//!
//! For a service, a job or a script that no user is present at: Teams API, Management API, and My Organization API where
//! the tenant lets machines in. What is done is done in the name of the application. Where a user should be the one who
//! acts, another flow is right.
//!
//! # What to set up in Auth0
//!
//! 1. An application of the type *Machine to Machine*. Its domain, client id and secret are what is asked for here.
//! 2. An authorization for the API (*APIs* → the API → *Machine to Machine Applications*), with the scopes that the
//!    program needs and no others. The identifier of the API is the `audience`.
//! 3. For the Teams API, both in the Auth Tenant of the team. Its audience ends with a slash:
//!    `https://{team}.teams.auth0.com/api/`.
//! 4. For an organization, access to it for the application: machines have none unless they are given it.
//!
//! # With a secret
//!
//! ```
//! use auth0_auth::ClientCredentials;
//!
//! # fn example() -> Result<(), auth0_auth::Error> {
//! // AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET and AUTH0_AUDIENCE; all else can be set on top.
//! let source = ClientCredentials::from_env()?
//!     .scope("read:members read:tenants")
//!     .build()?;
//! # let _ = source;
//! # Ok(())
//! # }
//! ```
//!
//! The secret is a field of the form (`client_secret_post`), or in the header if the application is set up so
//! ([`SecretBasic`](crate::ClientAuthentication::SecretBasic)).
//!
//! # With a key: `private_key_jwt`
//!
//! Better than a secret, because what proves who the program is never leaves it. In the application's *Credentials*,
//! choose *Private Key JWT* and upload the public key, in PEM. Auth0 takes RS256, RS384, PS256, PS384, ES256 and ES384.
//!
//! ```no_run
//! use auth0_auth::{ClientCredentials, PrivateKey, SigningAlgorithm};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let pem = std::fs::read_to_string("/run/secrets/application.pem")?;
//! let key = PrivateKey::from_pem(&pem, SigningAlgorithm::Es256)?.with_key_id("the id that Auth0 shows");
//! let source = ClientCredentials::builder("acme-auth.us.auth0.com")
//!     .client_id("the client's id")
//!     .private_key_jwt(key)
//!     .audience("https://acme.teams.auth0.com/api/")
//!     .build()?;
//! # let _ = source;
//! # Ok(())
//! # }
//! ```
//!
//! Each attempt of a request carries an assertion of its own, which is valid for two minutes. A key in an HSM or a KMS is
//! a [`Signer`](crate::Signer).
//!
//! # With a certificate: mTLS
//!
//! The certificate belongs to the connection, so the HTTP client has it. The endpoint is the one that the server's
//! discovery document has for such clients (`mtls_endpoint_aliases`).
//!
//! ```no_run
//! use auth0_auth::ClientCredentials;
//! use auth0_core::{HttpClient, reqwest};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // The private key and the certificate, one after the other.
//! let pem = std::fs::read("/run/secrets/client.pem")?;
//! let builder = reqwest::Client::builder().identity(reqwest::Identity::from_pem(&pem)?);
//! let source = ClientCredentials::builder("acme-auth.us.auth0.com")
//!     .client_id("the client's id")
//!     .mutual_tls()
//!     .http_client(HttpClient::from_builder(builder)?)
//!     .audience("https://acme.teams.auth0.com/api/")
//!     .build()?;
//! # let _ = source;
//! # Ok(())
//! # }
//! ```
//!
//! # What it costs
//!
//! Tokens of machines are billed, and there are quotas of them. One source asks for one token however many callers there
//! are, and replaces it shortly before it ends. Several processes share theirs by a [store](super::stores).
//!
//! What the server says of its quotas is in [`quotas`](crate::ClientCredentials::quotas). A quota that is used up is an
//! error at once, with the time of its reset: nothing waits for it, be it seconds or hours.
//!
//! # What can go wrong
//!
//! | [`Error`](crate::Error) | means | so |
//! | --- | --- | --- |
//! | [`is_configuration`](crate::Error::is_configuration) | a setting is missing or wrong; no request was made | all of them are named |
//! | [`is_invalid_client`](crate::Error::is_invalid_client) | wrong secret, unknown key, another way of authentication | compare with the application's credentials |
//! | [`is_access_denied`](crate::Error::is_access_denied) | no authorization for the API, the scopes or the organization | step 2 or 4 above |
//! | [`is_unauthorized_client`](crate::Error::is_unauthorized_client) | the application may not use this grant | *Advanced Settings* → *Grant Types* |
//! | [`is_quota_used_up`](crate::Error::is_quota_used_up) | no more tokens until [`retry_at`](crate::Error::retry_at) | share tokens, or raise the quota |
//! | [`is_rate_limited`](crate::Error::is_rate_limited) | too many requests, and it was waited for already | come back at [`retry_at`](crate::Error::retry_at) |
//! | [`is_transport`](crate::Error::is_transport) | no answer, though it was tried several times | it may pass |
//! | [`is_invalid_response`](crate::Error::is_invalid_response) | the answer is neither a token nor an error of OAuth | look at [`status`](crate::Error::status); a proxy, perhaps |
//! | [`is_discovery`](crate::Error::is_discovery) | the document is of another server, or lacks the endpoint | compare the issuer, to the letter |
//! | [`is_signing`](crate::Error::is_signing) | the signer did not sign | its error is the source |
//!
//! A refusal, such as that of a wrong secret, is remembered for some seconds, so that ten thousand calls do not ask ten
//! thousand times. As long as there is a valid token, no failure to get the next one is anybody's error.
