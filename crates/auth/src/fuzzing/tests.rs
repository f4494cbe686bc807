use std::fs;
use std::path::Path;

/// How many mutations of each file are tested.
const ROUNDS: usize = 300;

/// Words of the formats, for mutations.
const WORDS: [&str; 22] = [
    "access_token",
    "token_type",
    "expires_in",
    "scope",
    "error",
    "mfa_token",
    "s3cr3t",
    "DPoP",
    "null",
    "[",
    "}",
    "\"",
    "1e999",
    "-1",
    "\\u0000",
    "\u{7}",
    "18446744073709551615",
    ";",
    ",",
    "=",
    "http://",
    "https://a:b@c",
];

/// Runs a target with every file of its corpus and with mutations of it.
fn run(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut files: Vec<_> = fs::read_dir(&corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 4, "{target} has a corpus");
    let seeds: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let mut random = fastrand::Rng::with_seed(1);
    for seed in &seeds {
        run(seed);
        for _ in 0..ROUNDS {
            let mut bytes = seed.clone();
            for _ in 0..random.usize(1..5) {
                mutate(&mut bytes, &seeds, &mut random);
            }
            run(&bytes);
        }
    }
}

fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut fastrand::Rng) {
    let at = random.usize(..=bytes.len());
    let to = random.usize(at..=bytes.len().min(at + 8));
    match random.u8(..6) {
        0 if at < bytes.len() => bytes[at] = random.u8(..),
        1 => drop(bytes.drain(at..to)),
        2 => {
            let word = random.choice(WORDS).unwrap_or_default();
            drop(bytes.splice(at..to, word.bytes()));
        }
        3 => {
            let part = bytes[at..to].repeat(random.usize(1..20));
            drop(bytes.splice(at..at, part));
        }
        4 => {
            let other = &seeds[random.usize(..seeds.len())];
            let from = random.usize(..=other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        _ => bytes.insert(at, random.u8(..)),
    }
}

#[test]
fn token_responses_are_parsed_or_rejected() {
    run("token_response", super::token_response);
}

#[test]
fn quota_headers_are_parsed_or_ignored() {
    run("quota_header", super::quota_header);
}

#[test]
fn discovery_documents_are_parsed_or_rejected() {
    run("discovery", super::discovery);
}

#[test]
fn token_files_are_parsed_or_rejected() {
    run("token_file", super::token_file);
}

#[test]
fn challenges_are_parsed_or_ignored() {
    run("challenges", super::challenges);
}
