//! The document as it was published: parsing, locations, traversal, overlays and facts.

pub mod canonical;
pub mod derived;
pub mod document;
pub(crate) mod external;
pub mod facts;
pub mod locate;
pub mod overlay;
pub mod parse;
pub mod source;
pub mod walk;
