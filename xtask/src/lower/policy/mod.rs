//! Paging, retries and secrets: how the client behaves.

pub(crate) mod listings;
pub(crate) mod page_items;
pub(crate) mod paging_styles;
pub(crate) mod retry_safety;
pub(crate) mod secrets;
