//! The settings of all calls and client builders of the generated crates, as inherent methods so that users need no import.

/// Implements the settings of a call type, which has a field `options: CallOptions`.
#[doc(hidden)]
#[macro_export]
macro_rules! __call_settings {
    ($call:ident) => {
        impl $call {
            /// Sets the timeout of each attempt of this call. Default: that of the client.
            pub fn timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.options = self.options.timeout(timeout);
                self
            }

            /// Sets the timeout of the whole call: waiting for a token and for the limiter, all attempts, and the waits
            /// between them. Default: that of the client.
            pub fn call_timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.options = self.options.call_timeout(timeout);
                self
            }

            /// Sets the retry policy of this call. Default: that of the client.
            #[doc(alias = "backoff")]
            #[doc(alias = "retries")]
            pub fn retry(mut self, policy: $crate::RetryPolicy) -> Self {
                self.options = self.options.retry(policy);
                self
            }

            /// Sets a header of every attempt. Sending the call fails with an invalid request error if the client sets
            /// the header itself, as it does `authorization`.
            pub fn header(
                mut self,
                name: $crate::http::HeaderName,
                value: $crate::http::HeaderValue,
            ) -> Self {
                self.options = self.options.header(name, value);
                self
            }
        }
    };
}

/// Implements the settings of a client builder, which has a field `transport: TransportBuilder`.
#[doc(hidden)]
#[macro_export]
macro_rules! __builder_settings {
    ($builder:ident) => {
        impl $builder {
            /// Sets the HTTP client: proxies, certificates, middleware. A token source that has no HTTP client of its own
            /// uses this one, without the middleware. Default: a new client with a connect timeout of 10 s.
            #[doc(alias = "proxy")]
            #[doc(alias = "mTLS")]
            #[doc(alias = "middleware")]
            pub fn http_client(mut self, client: $crate::HttpClient) -> Self {
                self.transport = self.transport.http_client(client);
                self
            }

            /// Sets the timeout of each attempt of a call. Default: 60 s.
            pub fn timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.transport = self.transport.timeout(timeout);
                self
            }

            /// Sets the timeout of a whole call: waiting for a token and for the limiter, all attempts, and the waits
            /// between them. Default: none.
            #[doc(alias = "deadline")]
            pub fn call_timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.transport = self.transport.call_timeout(timeout);
                self
            }

            /// Sets the retry policy. Default: three attempts within 120 s.
            #[doc(alias = "backoff")]
            pub fn retry(mut self, policy: $crate::RetryPolicy) -> Self {
                self.transport = self.transport.retry(policy);
                self
            }

            /// Sets the limiter that keeps calls within the server's rate limits. Clients with the same limiter share its
            /// limits. Default: none.
            #[doc(alias = "rate limit")]
            #[doc(alias = "throttle")]
            pub fn limiter(mut self, limiter: $crate::Limiter) -> Self {
                self.transport = self.transport.limiter(limiter);
                self
            }

            /// Sets the maximum size of a response body in bytes. Default: 64 MiB.
            pub fn max_response_bytes(mut self, bytes: usize) -> Self {
                self.transport = self.transport.max_response_bytes(bytes);
                self
            }

            /// Sets the `User-Agent` header. Default: name and version of this crate.
            pub fn user_agent(
                mut self,
                agent: impl ::std::convert::Into<::std::string::String>,
            ) -> Self {
                self.transport = self.transport.user_agent(agent);
                self
            }

            /// Injects the clock and the sleeper, for tests without real time.
            #[doc(alias = "mock")]
            pub fn timer(
                mut self,
                clock: $crate::time::SharedClock,
                sleeper: $crate::time::SharedSleeper,
            ) -> Self {
                self.transport = self.transport.timer(clock, sleeper);
                self
            }
        }
    };
}

/// Implements the settings of a client builder whose API may need access tokens.
#[doc(hidden)]
#[macro_export]
macro_rules! __token_settings {
    ($builder:ident) => {
        impl $builder {
            /// Sets the source of access tokens. Required, unless the API needs no token.
            #[doc(alias = "authorization")]
            pub fn token_source(mut self, source: impl $crate::TokenSource) -> Self {
                self.transport = self.transport.token_source(::std::sync::Arc::new(source));
                self
            }

            /// Rejects a call before it is sent if its token is known to lack a scope that the operation requires.
            /// Default: the server decides.
            pub fn check_scopes(mut self) -> Self {
                self.transport = self.transport.check_scopes();
                self
            }
        }
    };
}

/// Implements the setting of a client builder for an API of Auth0.
#[doc(hidden)]
#[macro_export]
macro_rules! __auth0_client_settings {
    ($builder:ident) => {
        impl $builder {
            /// Sets the `Auth0-Client` header, which contains the name and version of the SDK; `None` omits it. Default:
            /// name and version of this crate.
            #[doc(alias = "telemetry")]
            pub fn auth0_client(
                mut self,
                client: impl ::std::convert::Into<::std::option::Option<$crate::Auth0Client>>,
            ) -> Self {
                self.transport = self.transport.auth0_client(client);
                self
            }
        }
    };
}

pub use crate::{
    __auth0_client_settings as auth0_client_settings, __builder_settings as builder_settings,
    __call_settings as call_settings, __token_settings as token_settings,
};
