//! The types of calls: parameters, sending, paging.

pub(crate) mod call;
pub(crate) mod call_docs;
pub(crate) mod call_names;
pub(crate) mod listing;
pub(crate) mod page_parameters;
pub(crate) mod pages;
pub(crate) mod paging;
