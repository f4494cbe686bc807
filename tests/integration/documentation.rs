//! The Markdown documents: links lead somewhere, and the book is complete.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::repository::repository;

/// The documents that people read, by path.
fn documents() -> BTreeMap<PathBuf, String> {
    let root = repository();
    let mut folders = vec![
        root.clone(),
        root.join("docs"),
        root.join("openapi"),
        root.join("xtask/src/diff"),
    ];
    let crates = fs::read_dir(root.join("crates")).unwrap();
    folders.extend(crates.map(|entry| entry.unwrap().path()));
    let mut documents = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.starts_with(root.join("docs")) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                documents.insert(path.clone(), fs::read_to_string(path).unwrap());
            }
        }
    }
    documents
}

/// The lines outside of code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The targets of the links of a document.
fn links(text: &str) -> Vec<&str> {
    prose(text)
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .collect()
}

/// The anchors of the headings of a document, as GitHub derives them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let title = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = title
                .chars()
                .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            kept.map(|letter| if letter == ' ' { '-' } else { letter })
                .collect()
        })
        .collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let documents = documents();
    assert!(documents.len() > 60, "only {} documents", documents.len());
    let mut dead = Vec::new();
    let mut count = 0;
    for (path, text) in &documents {
        for link in links(text).into_iter().filter(|link| !link.contains("://")) {
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            let found = match fs::canonicalize(&target) {
                Err(_) => false,
                Ok(_) if anchor.is_empty() => true,
                Ok(target) => {
                    fs::read_to_string(target).is_ok_and(|text| anchors(&text).contains(anchor))
                }
            };
            if !found {
                dead.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(count > 60, "only {count} links");
    assert!(dead.is_empty(), "dead links:\n{}", dead.join("\n"));
}

#[test]
fn every_chapter_is_in_the_summary_and_its_programs_are_compiled() {
    let root = repository();
    let book = root.join("docs/book/src");
    let summary = fs::read_to_string(book.join("SUMMARY.md")).unwrap();
    let listed: BTreeSet<&str> = links(&summary).into_iter().collect();
    let names: Vec<String> = fs::read_dir(&book)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            name != "SUMMARY.md"
                && Path::new(name)
                    .extension()
                    .is_some_and(|extension| extension == "md")
        })
        .collect();
    let found: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(listed, found);
    let compiled = fs::read_to_string(root.join("tests/lib.rs")).unwrap();
    for chapter in found {
        assert!(
            compiled.contains(&format!("../docs/book/src/{chapter}\"")),
            "tests/lib.rs does not compile {chapter}"
        );
    }
}
