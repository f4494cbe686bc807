//! Passes that decide which Rust type each schema becomes: unions, nulls, compositions and names.

pub(crate) mod all_of;
pub(crate) mod directions;
pub(crate) mod discriminator_mapping;
pub(crate) mod enumeration_names;
pub(crate) mod enumerations;
pub(crate) mod hoist;
pub(crate) mod identifiers;
pub(crate) mod indistinct_variants;
pub(crate) mod merge;
pub(crate) mod name_collisions;
pub(crate) mod nullable_components;
pub(crate) mod nullable_fields;
pub(crate) mod nullable_wrapper;
pub(crate) mod nulls;
pub(crate) mod open_types;
pub(crate) mod operation_groups;
pub(crate) mod operation_ids;
pub(crate) mod optional_fields;
pub(crate) mod plain_components;
pub(crate) mod rust_type;
pub(crate) mod single_variants;
pub(crate) mod tags;
pub(crate) mod union_rules;
pub(crate) mod union_simplification;
pub(crate) mod variant_names;
pub(crate) mod write_back_plan;
