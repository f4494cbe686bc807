//! Client credentials: access tokens for an application without a user (RFC 6749 §4.4).
//!
//! # When to use it
//!
//! Use this flow for services, jobs and scripts that run without a user: with the Teams API, the Management API, and the My
//! Organization API if the tenant allows machine-to-machine access. The application acts in its own name. If a user should be
//! the actor, use another flow.
//!
//! # Setup in Auth0
//!
//! 1. Create an application of the type *Machine to Machine*. The builder needs its domain, client ID and secret.
//! 2. Authorize the application for the API (*APIs* → the API → *Machine to Machine Applications*) with only the scopes
//!    that the program needs. The identifier of the API is the `audience`.
//! 3. For the Teams API, do both in the Auth Tenant of the team. Its audience ends with a slash:
//!    `https://{team}.teams.auth0.com/api/`.
//! 4. For an organization, grant the application access to it. Applications have none by default.
//!
//! # With a client secret
//!
//! ```
//! use auth0_auth::ClientCredentials;
//!
//! # fn example() -> Result<(), auth0_auth::Error> {
//! // Reads AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET and AUTH0_AUDIENCE.
//! let source = ClientCredentials::from_env()?
//!     .scope("read:members read:tenants")
//!     .build()?;
//! # let _ = source;
//! # Ok(())
//! # }
//! ```
//!
//! The secret is sent in the request body (`client_secret_post`). If the application is configured for
//! `client_secret_basic`, set [`SecretBasic`](crate::ClientAuthentication::SecretBasic).
//!
//! # With a private key: `private_key_jwt`
//!
//! A private key is safer than a secret because it is never sent. In the *Credentials* of the application, choose *Private Key
//! JWT* and upload the public key in PEM. Auth0 supports RS256, RS384, PS256, PS384, ES256 and ES384.
//!
//! ```no_run
//! use auth0_auth::{ClientCredentials, PrivateKey, SigningAlgorithm};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let pem = std::fs::read_to_string("/run/secrets/application.pem")?;
//! let key = PrivateKey::from_pem(&pem, SigningAlgorithm::Es256)?.with_key_id("KEY_ID_FROM_AUTH0");
//! let source = ClientCredentials::builder("acme-auth.us.auth0.com")
//!     .client_id("YOUR_CLIENT_ID")
//!     .private_key_jwt(key)
//!     .audience("https://acme.teams.auth0.com/api/")
//!     .build()?;
//! # let _ = source;
//! # Ok(())
//! # }
//! ```
//!
//! Each attempt carries a new assertion that is valid for two minutes. For a key in an HSM or a KMS, implement
//! [`Signer`](crate::Signer).
//!
//! # With a client certificate: mTLS
//!
//! The certificate belongs to the TLS connection, so it is set on the HTTP client (RFC 8705). The source uses the token endpoint
//! that the discovery document of the server lists for such clients (`mtls_endpoint_aliases`).
//!
//! ```no_run
//! use auth0_auth::{ClientCredentials, HttpClient};
//! use auth0_core::reqwest;
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // The private key, followed by the certificate.
//! let pem = std::fs::read("/run/secrets/client.pem")?;
//! let builder = reqwest::Client::builder().identity(reqwest::Identity::from_pem(&pem)?);
//! let source = ClientCredentials::builder("acme-auth.us.auth0.com")
//!     .client_id("YOUR_CLIENT_ID")
//!     .mutual_tls()
//!     .http_client(HttpClient::from_builder(builder)?)
//!     .audience("https://acme.teams.auth0.com/api/")
//!     .build()?;
//! # let _ = source;
//! # Ok(())
//! # }
//! ```
//!
//! # Cost and quotas
//!
//! Machine-to-machine tokens are billed and subject to quotas. One source requests one token for all its callers and replaces it
//! shortly before it expires. Several processes can share a token through a [store](super::stores).
//!
//! [`quotas`](crate::ClientCredentials::quotas) returns the quotas that the server reported last. If a quota is exceeded, the call
//! fails at once with the time of the reset. The source never waits for it.
//!
//! # Errors
//!
//! | [`Error`](crate::Error) | meaning | what to do |
//! | --- | --- | --- |
//! | [`is_configuration`](crate::Error::is_configuration) | a setting is missing or invalid; no request was sent | fix the settings: the error names all of them |
//! | [`is_invalid_client`](crate::Error::is_invalid_client) | wrong secret, unknown key, or another authentication method | compare with the credentials of the application |
//! | [`is_access_denied`](crate::Error::is_access_denied) | not authorized for the API, the scopes or the organization | see steps 2 and 4 above |
//! | [`is_unauthorized_client`](crate::Error::is_unauthorized_client) | the application may not use this grant | *Advanced Settings* → *Grant Types* |
//! | [`is_quota_used_up`](crate::Error::is_quota_used_up) | no more tokens until [`retry_at`](crate::Error::retry_at) | share tokens, or raise the quota |
//! | [`is_rate_limited`](crate::Error::is_rate_limited) | too many requests, and the retries failed | retry at [`retry_at`](crate::Error::retry_at) |
//! | [`is_transport`](crate::Error::is_transport) | no response after several attempts | retry later |
//! | [`is_invalid_response`](crate::Error::is_invalid_response) | the response is neither a token nor an OAuth error | check [`status`](crate::Error::status); it may come from a proxy |
//! | [`is_discovery`](crate::Error::is_discovery) | the discovery document belongs to another server, or lacks the endpoint | compare the issuer; it must match exactly |
//! | [`is_signing`](crate::Error::is_signing) | the signer failed | its error is the source |
//!
//! A rejection, such as that of a wrong secret, is cached for some seconds, so that many calls do not repeat the same failing
//! request. While there is a valid token, a failed refresh is not returned to callers.
