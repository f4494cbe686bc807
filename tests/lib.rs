//! Compiles the programs in the READMEs: every Rust code block is a doctest, so `cargo test --workspace` fails if one
//! does not compile.
#![doc = include_str!("../README.md")]

/// The READMEs of the crates, and CONTRIBUTING.md.
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
