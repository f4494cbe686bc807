//! Sets `cfg(published_documents)` if the published documents are next to the checkout. Without them, the tests that need
//! them are reported as ignored.

use std::path::Path;

fn main() {
    // Only this file: a path that does not exist would rerun the script, and recompile the crate, every time.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(published_documents)");
    if Path::new("../../shared/openapi").is_dir() {
        println!("cargo::rustc-cfg=published_documents");
    }
}
