//! Snapshots of the public interface of the generated crates, for reviewing a new version of a document: a block for
//! each operation and a block for each type, so that a change of the document changes only the lines that it is about.

use std::fs;
use std::path::{Path, PathBuf};

use crate::repository::files;

mod operations;
mod signatures;
mod types;

use operations::operations;
use types::types;

/// The directory with the sources of a generated crate.
fn sources(krate: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../generated/{krate}/src"))
}

/// The parsed items of all source files in `folder`, sorted by path.
fn items(folder: &Path) -> Vec<syn::Item> {
    files(folder)
        .keys()
        .flat_map(|path| {
            let text = fs::read_to_string(folder.join(path)).unwrap();
            syn::parse_file(&text).unwrap().items
        })
        .collect()
}

#[test]
fn operations_match_the_reviewed_snapshots() {
    insta::assert_snapshot!(
        "operations_of_teams",
        operations("teams", auth0_teams::operations::ALL)
    );
    insta::assert_snapshot!(
        "operations_of_my_organization",
        operations("my-organization", auth0_my_organization::operations::ALL)
    );
    insta::assert_snapshot!(
        "operations_of_organizations",
        operations("organizations", auth0_organizations::operations::ALL)
    );
}

#[test]
fn types_match_the_reviewed_snapshots() {
    insta::assert_snapshot!("types_of_teams", types("teams"));
    insta::assert_snapshot!("types_of_my_organization", types("my-organization"));
    insta::assert_snapshot!("types_of_organizations", types("organizations"));
}
