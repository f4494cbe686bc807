//! Arguments of the program, and the errors for invalid ones.

use std::process::Output;

use crate::program::{command, file};

/// Exit status and error output of a program that fails to start.
fn failed_start(arguments: &[&str]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command(arguments).output().unwrap();
    assert!(stdout.is_empty());
    let text = String::from_utf8(stderr).unwrap();
    format!("{}: {text}", status.code().unwrap())
}

#[test]
fn invalid_argument_is_named_in_the_error() {
    let script = file(
        "broken.toml",
        "[[fault]]\noperation = 'listMembers'\nthen = 'explode'\n",
    );
    let mut all = Vec::new();
    for arguments in [
        vec!["--member", "5"],
        vec!["--members", "many"],
        vec!["--members", "0"],
        vec!["--members", "-1"],
        vec!["--port", "65536"],
        vec!["--team", "a.b"],
        vec!["--rate-limit", "gold"],
        vec!["--token-lifetime", "0"],
        vec!["extra"],
        vec!["--faults", "/nowhere/faults.toml"],
        vec!["--faults", script.to_str().unwrap()],
    ] {
        all.push(failed_start(&arguments));
    }
    let all = all
        .join("\n")
        .replace(script.to_str().unwrap(), "broken.toml");
    insta::assert_snapshot!(all, @r"
    2: error: unexpected argument '--member' found

      tip: a similar argument exists: '--members'

    Usage: auth0-sandbox --members <NUMBER>

    For more information, try '--help'.

    2: error: invalid value 'many' for '--members <NUMBER>': invalid digit found in string

    For more information, try '--help'.

    2: error: members: expected at least 1 (the owner), found 0

    2: error: unexpected argument '-1' found

    Usage: auth0-sandbox [OPTIONS]

    For more information, try '--help'.

    2: error: invalid value '65536' for '--port <PORT>': 65536 is not in 0..=65535

    For more information, try '--help'.

    2: error: team: expected a host name label: lower-case letters, digits and hyphens

    2: error: invalid value 'gold' for '--rate-limit <PLAN>': expected one of the plans free, public-self-service, public-enterprise, private-basic, private-performance, found `gold`

    For more information, try '--help'.

    2: error: token lifetime: expected at least 1 second, found less

    2: error: unexpected argument 'extra' found

    Usage: auth0-sandbox [OPTIONS]

    For more information, try '--help'.

    2: error: /nowhere/faults.toml: reading the file failed: No such file or directory (os error 2)

    2: error: broken.toml: TOML parse error at line 3, column 8
      |
    3 | then = 'explode'
      |        ^^^^^^^^^
    unknown variant `explode`, expected one of `answer`, `rate-limit`, `reset`, `silence`, `truncate`, `endless`, `unknown-enums`, `extra-fields`, `odd-scalars`, `missing-lists`, `repeat-cursor`, `capped-pages`, `quota`, `early-expiry`
    ");
}

#[test]
fn help_describes_exit_statuses_and_output() {
    let Output {
        status,
        stdout,
        stderr,
    } = command(&["--help"]).output().unwrap();
    assert_eq!((status.code(), stderr.len()), (Some(0), 0));
    let help = String::from_utf8(stdout).unwrap();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "Exit status: 0 stopped by a signal, 1 failed to start, 2 invalid arguments or fault file.",
        "url, team, domain, client_id, client_secret, audience, token_url, pid, admin_token, admin_email",
        "RUST_LOG is ignored",
        "127.0.0.1 only",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
}
