//! Page cursors. A cursor names the last item of a page rather than a position, so it stays valid when items are added
//! or removed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::call::Call;
use crate::document::Operation;

/// Identifies the listing and the filters that a cursor belongs to.
fn listing_hash(operation: &Operation, call: &Call) -> u64 {
    let mut hasher = DefaultHasher::new();
    operation.id.hash(&mut hasher);
    // The page size may change between pages. Parameters of numbered pages have no effect with a cursor.
    let others = |name: &&String| {
        let of_pages = ["from", "take", "page", "per_page", "include_totals"];
        !of_pages.contains(&name.as_str())
    };
    for name in call.parameters.keys().filter(others) {
        (name, &call.parameters[name]).hash(&mut hasher);
    }
    if let Some(organization) = &call.caller.organization {
        organization.hash(&mut hasher);
    }
    hasher.finish()
}

/// The cursor of the page after the item with this number.
pub(crate) fn encode(operation: &Operation, call: &Call, number: u64) -> String {
    let text = format!("{:016x}{number}", listing_hash(operation, call));
    URL_SAFE_NO_PAD.encode(text)
}

/// The cursor is invalid or belongs to another listing.
#[derive(Debug)]
pub(crate) struct UnknownCursor;

/// Decodes the cursor of a call: the number of the last item of the previous page.
pub(crate) fn decode(operation: &Operation, call: &Call) -> Result<Option<u64>, UnknownCursor> {
    let Some(cursor) = call.get("from") else {
        return Ok(None);
    };
    let decode_parts = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (hash, number) = text.split_at_checked(16)?;
        let hash = u64::from_str_radix(hash, 16).ok()?;
        (hash == listing_hash(operation, call)).then(|| number.parse().ok())?
    };
    decode_parts().map(Some).ok_or(UnknownCursor)
}
