//! Passes that decide how the client behaves: paging, retries and secrets.

pub(crate) mod listings;
pub(crate) mod page_items;
pub(crate) mod paging_styles;
pub(crate) mod retry_safety;
pub(crate) mod secrets;
