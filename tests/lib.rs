//! Compiles the programs that the READMEs show. Every Rust block of theirs is a doctest, so one that does not compile fails
//! `cargo test --workspace`.
#![doc = include_str!("../README.md")]

/// The READMEs of the crates, and what contributors read.
#[cfg(doctest)]
mod readmes {
    #![doc = include_str!("../CONTRIBUTING.md")]
    #![doc = include_str!("../crates/auth/README.md")]
    #![doc = include_str!("../crates/core/README.md")]
    #![doc = include_str!("../crates/fleet/README.md")]
    #![doc = include_str!("../crates/sandbox/README.md")]
    #![doc = include_str!("../generated/my-organization/README.md")]
    #![doc = include_str!("../generated/organizations/README.md")]
    #![doc = include_str!("../generated/teams/README.md")]
}
