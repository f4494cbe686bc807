//! References, content and keywords: from OpenAPI 3.1 to the subset of 3.0 that progenitor accepts.

pub(crate) mod accepted;
pub(crate) mod booleans;
pub(crate) mod bounds;
pub(crate) mod closed_objects;
pub(crate) mod conditions;
pub(crate) mod constraints;
pub(crate) mod consts;
pub(crate) mod cycles;
pub(crate) mod defaults;
pub(crate) mod descriptions;
pub(crate) mod formats;
pub(crate) mod include;
pub(crate) mod keywords;
pub(crate) mod local_refs;
pub(crate) mod markdown;
pub(crate) mod operation_members;
pub(crate) mod parameters;
pub(crate) mod prune;
pub(crate) mod ref_siblings;
pub(crate) mod references;
pub(crate) mod request_bodies;
pub(crate) mod responses;
pub(crate) mod structure;
pub(crate) mod success;
pub(crate) mod untyped;
pub(crate) mod version;
