//! Parses arbitrary text: it is read as a document or rejected, without a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use xtask::spec::document::Document;

fuzz_target!(|bytes: &[u8]| {
    let _ = Document::from_bytes("fuzzed".into(), bytes).and_then(Document::checked);
});
