#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| auth0_auth::fuzzing::challenges(bytes));
