//! Unions, nulls, compositions and names: which Rust type each schema becomes.

pub(crate) mod all_of;
pub(crate) mod directions;
pub(crate) mod discriminate;
pub(crate) mod enum_names;
pub(crate) mod enums;
pub(crate) mod groups;
pub(crate) mod hoist;
pub(crate) mod indistinct;
pub(crate) mod mapping;
pub(crate) mod merge;
pub(crate) mod names;
pub(crate) mod naming;
pub(crate) mod nullable_components;
pub(crate) mod nullable_fields;
pub(crate) mod nulls;
pub(crate) mod open_types;
pub(crate) mod operation_ids;
pub(crate) mod optional_fields;
pub(crate) mod plain_components;
pub(crate) mod rust_type;
pub(crate) mod single_variants;
pub(crate) mod tags;
pub(crate) mod unions;
pub(crate) mod variant_names;
pub(crate) mod write_back;
