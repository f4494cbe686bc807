#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| auth0_auth::fuzzing::token_response(bytes));
