//! Invalid fault scripts: the error contains the file, the line and what was expected.

use auth0_sandbox::{Effect, Fault, Reply, Sandbox, Script};

use crate::support::start;

/// The names change with the documents.
fn without_similar_names(error: &str) -> String {
    match error.split_once("; similar names: ") {
        Some((error, names)) => {
            assert!(names.starts_with("getTenant, "), "{names}");
            format!("{error}; similar names: getTenant, …")
        }
        None => error.to_owned(),
    }
}

fn error(text: &str) -> String {
    Script::parse("faults.toml", text).unwrap_err().to_string()
}

#[test]
fn invalid_fault_is_reported_with_position_and_expectation() {
    let mut all = Vec::new();
    for fault in [
        "operation = 'getTenants'\nthen = 'truncate'",
        "operation = 'getTenant'\nwhen = 3",
        "operation = 'getTenant'",
        "probability = 1.5\nthen = 'truncate'",
        "probability = nan\nthen = 'truncate'",
        "calls = [1, 0]\nthen = 'truncate'",
        "times = -1\nthen = 'truncate'",
        "then = { answer = { status = 99 } }",
        "then = { answer = { status = 101 } }",
        "then = { answer = { code = 500 } }",
        "then = { answer = { status = 500, headers = { 'a b' = 'x' } } }",
        "then = { answer = { status = 500, headers = { a = \"x\\u0000\" } } }",
        "then = { answer = { status = 500, headers = { Content-Length = '5' } } }",
        "then = { answer = { status = 500, json = {}, html = '' } }",
        "then = { rate-limit = { hint = 'soon', seconds = 1 } }",
        "then = { rate-limit = { hint = 'reset' } }",
        "then = 'explode'",
        "then = { reset = { acted = 'yes' } }",
        "operation = 'getTenant'\nthen = { quota = { seconds = 1 } }",
        "then = { early-expiry = { seconds = 1 } }",
        "operation = 'token'\nthen = 'repeat-cursor'",
        "operation = 'token\nthen = 'truncate'",
        "then =",
    ] {
        let error = error(&format!("# Injected faults.\n\n[[fault]]\n{fault}\n"));
        all.push(without_similar_names(&error));
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    faults.toml: TOML parse error at line 4, column 13
      |
    4 | operation = 'getTenants'
      |             ^^^^^^^^^^^^
    expected an operation, found `getTenants`; similar names: getTenant, …
    faults.toml: TOML parse error at line 5, column 1
      |
    5 | when = 3
      | ^^^^
    unknown field `when`, expected one of `operation`, `calls`, `times`, `probability`, `delay-ms`, `then`
    faults.toml: fault at line 3: expected `then` or `delay-ms`, found neither
    faults.toml: TOML parse error at line 4, column 15
      |
    4 | probability = 1.5
      |               ^^^
    expected a probability from 0 to 1, found 1.5
    faults.toml: TOML parse error at line 4, column 15
      |
    4 | probability = nan
      |               ^^^
    expected a probability from 0 to 1, found NaN
    faults.toml: TOML parse error at line 4, column 9
      |
    4 | calls = [1, 0]
      |         ^^^^^^
    expected a call number from 1, found 0
    faults.toml: TOML parse error at line 4, column 9
      |
    4 | times = -1
      |         ^^
    invalid value: integer `-1`, expected u64
    faults.toml: TOML parse error at line 4, column 30
      |
    4 | then = { answer = { status = 99 } }
      |                              ^^
    expected a status from 200 to 599, found 99
    faults.toml: TOML parse error at line 4, column 30
      |
    4 | then = { answer = { status = 101 } }
      |                              ^^^
    expected a status from 200 to 599, found 101
    faults.toml: TOML parse error at line 4, column 21
      |
    4 | then = { answer = { code = 500 } }
      |                     ^^^^
    unknown field `code`, expected one of `status`, `headers`, `json`, `html`, `acted`
    faults.toml: TOML parse error at line 4, column 45
      |
    4 | then = { answer = { status = 500, headers = { 'a b' = 'x' } } }
      |                                             ^^^^^^^^^^^^^^^
    expected a header name, found `a b`
    faults.toml: TOML parse error at line 4, column 45
      |
    4 | then = { answer = { status = 500, headers = { a = "x\u0000" } } }
      |                                             ^^^^^^^^^^^^^^^^^
    expected a valid value for the header `a`
    faults.toml: TOML parse error at line 4, column 45
      |
    4 | then = { answer = { status = 500, headers = { Content-Length = '5' } } }
      |                                             ^^^^^^^^^^^^^^^^^^^^^^^^
    expected a response header, found the connection header `content-length`
    faults.toml: fault at line 3: expected one body, found both `json` and `html`
    faults.toml: TOML parse error at line 4, column 32
      |
    4 | then = { rate-limit = { hint = 'soon', seconds = 1 } }
      |                                ^^^^^^
    unknown variant `soon`, expected one of `retry-after`, `retry-after-date`, `reset`, `none`
    faults.toml: TOML parse error at line 4, column 23
      |
    4 | then = { rate-limit = { hint = 'reset' } }
      |                       ^^^^^^^^^^^^^^^^^^
    missing field `seconds`
    faults.toml: TOML parse error at line 4, column 8
      |
    4 | then = 'explode'
      |        ^^^^^^^^^
    unknown variant `explode`, expected one of `answer`, `rate-limit`, `reset`, `silence`, `truncate`, `endless`, `unknown-enums`, `extra-fields`, `odd-scalars`, `missing-lists`, `repeat-cursor`, `capped-pages`, `quota`, `early-expiry`
    faults.toml: TOML parse error at line 4, column 28
      |
    4 | then = { reset = { acted = 'yes' } }
      |                            ^^^^^
    invalid type: string "yes", expected a boolean
    faults.toml: fault at line 3: `quota` and `early-expiry` apply to the token endpoint only; expected operation = "token"
    faults.toml: fault at line 3: `quota` and `early-expiry` apply to the token endpoint only; expected operation = "token"
    faults.toml: fault at line 3: `unknown-enums`, `extra-fields`, `odd-scalars`, `missing-lists`, `repeat-cursor` and `capped-pages` apply to API operations only; expected another operation than `token`
    faults.toml: TOML parse error at line 4, column 19
      |
    4 | operation = 'token
      |                   ^
    invalid literal string, expected `'`
    faults.toml: TOML parse error at line 4, column 7
      |
    4 | then =
      |       ^
    string values must be quoted, expected literal string
    "#);
}

#[test]
fn invalid_script_structure_is_reported_with_position() {
    let mut all = Vec::new();
    for text in [
        "clock-offset = 5",
        "clock-offset-seconds = '5'",
        "fault = 'truncate'",
        "[fault]\nthen = 'truncate'",
        "# one\nfault = [{ then = 'truncate' }, { operation = 'getTenant' }]",
        "[[fault]]\nthen = 'truncate'\n[[fault]]\ndelay-ms = 5\n[[fault]]\ntimes = 1",
    ] {
        all.push(error(text));
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    faults.toml: TOML parse error at line 1, column 1
      |
    1 | clock-offset = 5
      | ^^^^^^^^^^^^
    unknown field `clock-offset`, expected `clock-offset-seconds` or `fault`
    faults.toml: TOML parse error at line 1, column 24
      |
    1 | clock-offset-seconds = '5'
      |                        ^^^
    invalid type: string "5", expected i64
    faults.toml: TOML parse error at line 1, column 9
      |
    1 | fault = 'truncate'
      |         ^^^^^^^^^^
    invalid type: string "truncate", expected a sequence
    faults.toml: TOML parse error at line 1, column 1
      |
    1 | [fault]
      | ^^^^^^^
    invalid type: map, expected a sequence
    faults.toml: fault at line 2: expected `then` or `delay-ms`, found neither
    faults.toml: fault at line 5: expected `then` or `delay-ms`, found neither
    "#);
}

#[test]
fn empty_script_has_no_faults() {
    assert_eq!(Script::parse("faults.toml", "").unwrap(), Script::default());
}

#[tokio::test]
async fn invalid_fault_is_not_added() {
    let sandbox = start().await;
    for fault in [
        Fault::of_any(),
        Fault::of("nothing").then(Effect::Truncate),
        Fault::of_any().call(0).then(Effect::Truncate),
        Fault::of_any().probability(-0.1).then(Effect::Truncate),
        Fault::of_any().probability(f64::NAN).then(Effect::Truncate),
        Fault::of_any().then(Effect::status(600)),
        Fault::of_any().then(Effect::Response(Reply::new(500).header("", "x"))),
        Fault::of_any().then(Effect::Response(
            Reply::new(500).header("transfer-encoding", "chunked"),
        )),
        Fault::of_any().then(Effect::Quota { seconds: 1 }),
        Fault::of("token").then(Effect::ExtraFields),
    ] {
        let text = sandbox.fail(fault.clone()).unwrap_err().to_string();
        assert!(
            text.starts_with("fault: expected ") || text.starts_with("fault: "),
            "{text}"
        );
        Sandbox::builder().fault(fault).start().await.unwrap_err();
    }
    sandbox.get("/api/members").await.expect(200);
}

#[test]
fn extreme_clock_offset_is_rejected_without_overflow() {
    let script = Script::parse(
        "faults.toml",
        &format!("clock-offset-seconds = {}", i64::MAX),
    );
    let builder = Sandbox::builder()
        .clock_offset_seconds(i64::MAX)
        .script(script.unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let text = runtime.block_on(builder.start()).unwrap_err().to_string();
    assert!(text.starts_with("clock offset: "), "{text}");
}
