//! Ways to get an Auth0 access token.
#![forbid(unsafe_code)]
