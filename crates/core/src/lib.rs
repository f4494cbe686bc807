//! What the generated Auth0 API clients stand on.
#![forbid(unsafe_code)]

mod http_client;
mod secret;
pub mod time;
pub mod token;

pub use http_client::HttpClient;
pub use secret::SecretString;
pub use token::{AccessToken, TokenError, TokenSource};

/// A future that is boxed so that traits over it stay object safe.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
