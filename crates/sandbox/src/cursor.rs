//! Cursors of listings: where a listing goes on. They stay valid whatever is added or removed meanwhile, because they
//! name the last item that was given and not a position.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::call::Call;
use crate::document::Operation;

/// What stands beside the place in a cursor: which listing it belongs to.
fn listing_hash(operation: &Operation, call: &Call) -> u64 {
    let mut hasher = DefaultHasher::new();
    operation.id.hash(&mut hasher);
    // The size of a page may change on the way; everything else makes it another listing. Numbers of pages count for
    // nothing beside a cursor.
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

/// The cursor of what comes after the item with this number.
pub(crate) fn encode(operation: &Operation, call: &Call, number: u64) -> String {
    let text = format!("{:016x}{number}", listing_hash(operation, call));
    URL_SAFE_NO_PAD.encode(text)
}

/// A cursor that belongs to no listing like the one that is asked for.
#[derive(Debug)]
pub(crate) struct UnknownCursor;

/// The number of the item after which the call wants to go on.
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
