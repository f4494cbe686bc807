//! Calls: the methods of resources, the types that they return, and paging.

pub(crate) mod call_type;
mod method_docs;
mod page_parameters;
mod paged_calls;
