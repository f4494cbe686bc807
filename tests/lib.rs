//! Compiles the programs in the READMEs and the book: every Rust code block is a doctest, so `cargo test --workspace` fails if one
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
    #![doc = include_str!("../crates/testing/README.md")]
    #![doc = include_str!("../generated/my-organization/README.md")]
    #![doc = include_str!("../generated/management/README.md")]
    #![doc = include_str!("../generated/teams/README.md")]
}

/// The chapters of the book. `tests/integration/documentation.rs` checks that none is missing.
#[cfg(doctest)]
mod book {
    #![doc = include_str!("../docs/book/src/configuration.md")]
    #![doc = include_str!("../docs/book/src/dpop.md")]
    #![doc = include_str!("../docs/book/src/errors.md")]
    #![doc = include_str!("../docs/book/src/examples.md")]
    #![doc = include_str!("../docs/book/src/first-program.md")]
    #![doc = include_str!("../docs/book/src/fleets.md")]
    #![doc = include_str!("../docs/book/src/introduction.md")]
    #![doc = include_str!("../docs/book/src/other-apis.md")]
    #![doc = include_str!("../docs/book/src/paging.md")]
    #![doc = include_str!("../docs/book/src/rate-limits.md")]
    #![doc = include_str!("../docs/book/src/requests-and-responses.md")]
    #![doc = include_str!("../docs/book/src/runtimes.md")]
    #![doc = include_str!("../docs/book/src/spec-bumps.md")]
    #![doc = include_str!("../docs/book/src/testing.md")]
    #![doc = include_str!("../docs/book/src/tokens.md")]
}
