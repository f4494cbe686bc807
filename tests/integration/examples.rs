//! The examples, run without an account as a newcomer runs them, and against a sandbox in place of a live API.

use auth0_sandbox::{Application, Sandbox};
use program::{changes, command, live, run, start};

mod administer;
mod organizations;
mod program;

/// The environment variables of an example: the one that selects a live API, the required ones and the optional ones.
struct ExampleVariables {
    selector: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

const TEAM: ExampleVariables = ExampleVariables {
    selector: "AUTH0_TEAM",
    required: &["AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"],
    optional: &["AUTH0_AUDIENCE", "AUTH0_BASE_URL", "AUTH0_TOKEN_URL"],
};

const ORGANIZATION: ExampleVariables = ExampleVariables {
    selector: "AUTH0_ORGANIZATION",
    required: &["AUTH0_DOMAIN", "AUTH0_CLIENT_ID"],
    optional: &["AUTH0_AUDIENCE", "AUTH0_BASE_URL", "AUTH0_ISSUER"],
};

const TENANT: ExampleVariables = ExampleVariables {
    selector: "AUTH0_TENANT",
    required: &["AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"],
    optional: &["AUTH0_AUDIENCE", "AUTH0_BASE_URL", "AUTH0_TOKEN_URL"],
};

/// Every example, with arguments that make it end soon.
const ALL: [(&str, &[&str], ExampleVariables); 3] = [
    ("quickstart", &[], TEAM),
    ("administer-organization", &[], ORGANIZATION),
    ("create-organizations", &["--count", "2"], TENANT),
];

#[test]
fn quickstart_is_run_then_its_output_matches_and_has_no_secret() {
    let run = run(command("quickstart", &[])).exits_with(0);
    insta::assert_snapshot!("quickstart", without_port(&run.out));
    assert_eq!(
        run.err,
        "note: using a local sandbox; see --help for how to use a team of your own\n"
    );
}

/// The port of the sandbox differs between runs.
fn without_port(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "127.0.0.1:PORT" + part.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}

#[test]
fn administer_organization_is_run_then_its_output_matches() {
    let run = run(command("administer-organization", &[])).exits_with(0);
    insta::assert_snapshot!("administer-organization", run.out);
}

#[test]
fn create_organizations_is_run_then_its_output_matches() {
    let run = run(command("create-organizations", &["--count", "5"])).exits_with(0);
    insta::assert_snapshot!("create-organizations", run.out);
    assert_eq!(
        run.err,
        "note: using a local sandbox; see --help for how to use a tenant of your own\n"
    );
}

#[test]
fn help_is_printed_then_it_names_variables_scopes_and_changes() {
    for (name, _, environment) in ALL {
        let run = run(command(name, &["--help"])).exits_with(0);
        let variables = [environment.selector].into_iter();
        let variables = variables.chain(environment.required.iter().copied());
        for variable in variables.chain(environment.optional.iter().copied()) {
            let line = format!("\n  {variable} ");
            assert!(run.out.contains(&line), "{name}: no {variable}");
        }
        for expected in [
            "\nChanges: ",
            "\nScopes: ",
            "needs no account",
            "\nExit status: ",
        ] {
            assert!(run.out.contains(expected), "{name}: no {expected:?}");
        }
    }
}

#[test]
fn only_the_selector_is_set_then_every_example_names_the_missing_variables() {
    for (name, _, environment) in ALL {
        let mut command = command(name, &[]);
        command
            .env(environment.selector, "acme")
            .env("AUTH0_DOMAIN", "");
        run(command).exits_with(2).stderr_contains(&format!(
            "error: {0} is set, but {1} is missing; unset {0} to run against a sandbox",
            environment.selector,
            environment.required.join(", ")
        ));
    }
}

#[test]
fn variables_are_set_without_the_selector_then_every_example_uses_a_sandbox_and_says_so() {
    for (name, arguments, environment) in ALL {
        let mut command = command(name, arguments);
        for variable in environment.required {
            command.env(variable, "something for other tools");
        }
        // The selectors of other targets have no effect.
        for (_, _, other) in ALL {
            if other.selector != environment.selector {
                command.env(other.selector, "acme");
            }
        }
        run(command).exits_with(0).stderr_contains(&format!(
            "note: using a local sandbox: ignoring {} because {} is not set",
            environment.required.join(", "),
            environment.selector
        ));
    }
}

#[test]
fn variable_is_invalid_then_the_error_does_not_show_the_secret() {
    let mut invalid_team = command("quickstart", &[]);
    invalid_team
        .env("AUTH0_TEAM", "https://acme.teams.auth0.com")
        .env("AUTH0_DOMAIN", "acme.us.auth0.com")
        .env("AUTH0_CLIENT_ID", "id")
        .env("AUTH0_CLIENT_SECRET", "s3cr3t");
    let team_run = run(invalid_team)
        .exits_with(2)
        .stderr_contains("team: expected one DNS label");
    assert!(!team_run.err.contains("s3cr3t"));

    let mut invalid_domain = command("quickstart", &[]);
    invalid_domain
        .env("AUTH0_TEAM", "acme")
        .env("AUTH0_DOMAIN", "https://acme.us.auth0.com")
        .env("AUTH0_CLIENT_ID", "id")
        .env("AUTH0_CLIENT_SECRET", "s3cr3t");
    let domain_run = run(invalid_domain)
        .exits_with(2)
        .stderr_contains("domain: expected");
    assert!(!domain_run.err.contains("s3cr3t"));
}

#[tokio::test(flavor = "multi_thread")]
async fn live_team_is_selected_without_arguments_then_nothing_is_changed() {
    let sandbox = start(Sandbox::builder()).await;
    run(live(&sandbox, "quickstart", &[]))
        .exits_with(0)
        .stderr_contains("note: using the live team acme\n");
    assert_eq!(changes(&sandbox), [""; 0]);
    assert_eq!(sandbox.violations(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn application_has_the_scopes_that_help_names_then_quickstart_succeeds() {
    let help = run(command("quickstart", &["--help"]));
    let mut lines = help.out.lines();
    let scopes = lines.find_map(|line| line.strip_prefix("Scopes: "));
    let application = Application::new("an-application", "its secret");
    let application = application.scopes(scopes.unwrap().split(' '));
    let builder = Sandbox::builder().application(application);
    let sandbox = start(builder.accept_invitations()).await;
    let arguments = [
        "--invite",
        "kay@example.com",
        "--tenant",
        "shop",
        "--locality",
        "eu",
        "--admin",
        "sophie.hamilton.1@example.com",
        "--member",
        "ada.lovelace@example.com",
    ];
    let run = run(live(&sandbox, "quickstart", &arguments)).exits_with(0);
    assert!(!run.out.contains("its secret") && !run.err.contains("its secret"));
    assert_eq!(sandbox.violations(), [""; 0]);
}
