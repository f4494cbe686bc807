//! Secrets are planted in every input, and all output is searched for them.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use auth0_auth::{
    ClientAuthentication, ClientCredentials, FileStore, MemoryStore, PrivateKey, SigningAlgorithm,
    StoredToken, TokenStore as _,
};
use auth0_core::TokenSource as _;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};
use wiremock::ResponseTemplate;

use crate::support::{FakeClock, chain, responding_with, set_response, settings};

const SECRET: &str = "pl4nted/secret+1";
const ENCODED: &str = "pl4nted%2Fsecret%2B1";
const BASIC: &str = "Y2xpZW50OnBsNG50ZWQlMkZzZWNyZXQlMkIx";
const PARAMETER: &str = "pl4nted/parameter";
const ENCODED_PARAMETER: &str = "pl4nted%2Fparameter";
const TOKEN: &str = "pl4nted-token";
const BODY: &str = "pl4nted-body";

/// Collects all events and spans as text.
#[derive(Clone, Default)]
pub(crate) struct Collector(Arc<Mutex<String>>);

impl Collector {
    /// The text that was logged so far.
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

/// The collector of the whole process: the events of other tests must contain no secrets either.
pub(crate) fn collector() -> Collector {
    static COLLECTOR: OnceLock<Collector> = OnceLock::new();
    let make = || {
        let collector = Collector::default();
        tracing::subscriber::set_global_default(collector.clone()).unwrap();
        collector
    };
    COLLECTOR.get_or_init(make).clone()
}

impl Visit for Collector {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0.lock().unwrap(), " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut self.clone());
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn event(&self, event: &Event<'_>) {
        write!(self.0.lock().unwrap(), "\n{}", event.metadata().target()).unwrap();
        event.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[track_caller]
fn assert_clean(output: &str) {
    for secret in [SECRET, ENCODED, BASIC, PARAMETER, TOKEN, BODY, "pl4nted"] {
        assert!(!output.contains(secret), "{secret} in {output}");
    }
}

#[tokio::test]
async fn no_output_contains_a_secret_of_any_input() {
    let log = collector();
    let server = responding_with(ResponseTemplate::new(500)).await;
    let clock = FakeClock::new();
    let mut output = String::new();

    for authentication in [
        ClientAuthentication::SecretPost,
        ClientAuthentication::SecretBasic,
    ] {
        // The server echoes what it was sent.
        let header = match authentication {
            ClientAuthentication::SecretBasic => BASIC,
            _ => "",
        };
        let builder = settings(&server)
            .client_secret(SECRET)
            .parameter("hint", PARAMETER)
            .authentication(authentication)
            .cache_rejections_for(Duration::ZERO)
            .clock(clock.clone());
        writeln!(output, "{builder:?} {builder:#?}").unwrap();
        let source = builder.build().unwrap();
        writeln!(output, "{source:?} {source:#?}").unwrap();

        // Failures: the server echoes what it was sent, wherever possible.
        for (status, body) in [
            (
                401,
                json!({"error": "invalid_client", "error_description": format!("not {SECRET} or pl4\u{7}nted/secret+1 or {ENCODED} with {PARAMETER} or {ENCODED_PARAMETER} {header}")}),
            ),
            (
                401,
                json!({"error": SECRET, "error_uri": format!("https://help.test/{SECRET}")}),
            ),
            (
                429,
                json!({"error": "slow_down", "error_description": SECRET}),
            ),
            (400, json!({"message": BODY})),
            (
                200,
                json!({"access_token": TOKEN, "token_type": format!("DPoP {TOKEN} {SECRET}")}),
            ),
            (200, json!({"access_token": [TOKEN]})),
            (200, json!(BODY)),
        ] {
            set_response(&server, ResponseTemplate::new(status).set_body_json(body)).await;
            let error = source.token().await.unwrap_err();
            writeln!(output, "{}", chain(&error)).unwrap();
        }
        set_response(
            &server,
            ResponseTemplate::new(502).set_body_string(format!("<p>{BODY}{SECRET}")),
        )
        .await;
        writeln!(output, "{}", chain(&source.token().await.unwrap_err())).unwrap();

        // A success, and a failed early refresh.
        let grant = json!({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600});
        set_response(&server, ResponseTemplate::new(200).set_body_json(grant)).await;
        let token = source.token().await.unwrap();
        writeln!(output, "{token:?}").unwrap();
        clock.advance(3550);
        set_response(&server, ResponseTemplate::new(502).set_body_string(BODY)).await;
        source.token().await.unwrap();
    }
    // A domain and a URL with a password in them.
    let builder = settings(&server).token_url(format!("http://user:{BODY}@evil.com/{BODY}"));
    writeln!(output, "{builder:?}").unwrap();
    writeln!(output, "{}", chain(&builder.build().unwrap_err())).unwrap();

    assert_clean(&output);
    let log = log.text();
    assert_clean(&log);
    for expected in [
        "access token fetched domain=\"acme.us.auth0.com\" audience=\"https://api.test/\" lifetime_s=3600",
        "fetching an access token failed",
        "early refresh failed",
    ] {
        assert!(log.contains(expected), "{expected} not in {log}");
    }
}

/// Recognizable pieces of `text`: its lines, and parts of them.
fn pieces(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .filter(|line| line.len() >= 20 && !line.starts_with('-'));
    lines
        .flat_map(|line| [&line[..20], &line[line.len() - 20..]].map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn no_output_contains_keys_assertions_or_stored_tokens() {
    let log = Collector::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let clock = FakeClock::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.json");
    let mut output = String::new();
    let mut secrets: Vec<String> = [TOKEN, PARAMETER, ENCODED_PARAMETER, "pl4nted"]
        .map(str::to_owned)
        .to_vec();

    for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Es256] {
        let key = crate::keys::key(algorithm);
        secrets.extend(pieces(&key.pem));
        for name in ["d", "p", "q", "dp", "dq", "qi"] {
            secrets.extend(key.jwk[name].as_str().map(str::to_owned));
        }
        let server = responding_with(|request: &wiremock::Request| {
            // The server echoes the assertion, decoded and encoded.
            let body = String::from_utf8(request.body.clone()).unwrap();
            let description: Vec<_> = url::form_urlencoded::parse(&request.body)
                .map(|(_, value)| value.into_owned())
                .collect();
            let text = format!("{} {body}", description.join(" "));
            ResponseTemplate::new(401)
                .set_body_json(json!({"error": "invalid_client", "error_description": text}))
        })
        .await;
        for private in [
            PrivateKey::from_pem(&key.pem, algorithm),
            PrivateKey::from_jwk(&key.jwk.to_string(), algorithm),
        ] {
            let private = private.unwrap();
            writeln!(output, "{private:?} {private:#?}").unwrap();
            let store = FileStore::new(&path);
            writeln!(output, "{store:?}").unwrap();
            let builder = ClientCredentials::builder("acme.us.auth0.com")
                .token_url(format!("{}/oauth/token", server.uri()))
                .client_id("client")
                .private_key_jwt(private)
                .parameter("hint", PARAMETER)
                .audience("https://api.test/")
                .clock(clock.clone())
                .store(store);
            writeln!(output, "{builder:?}").unwrap();
            let source = builder.build().unwrap();
            let error = source.token().await.unwrap_err();
            writeln!(output, "{source:?} {}", chain(&error)).unwrap();
            let typed = crate::support::typed(&error);
            assert!(typed.error_description().unwrap().contains('…'), "{typed}");
        }
        for request in server.received_requests().await.unwrap() {
            let fields = url::form_urlencoded::parse(&request.body).into_owned();
            for (_, value) in fields.filter(|(name, _)| name == "client_assertion") {
                secrets.push(value);
            }
        }
        // A successful response is saved to the file and loaded by the next run.
        let grant =
            json!({"access_token": TOKEN, "expires_in": 3600, "scope": format!("{TOKEN} a")});
        set_response(&server, ResponseTemplate::new(200).set_body_json(grant)).await;
        for _ in 0..2 {
            let private = PrivateKey::from_pem(&key.pem, algorithm).unwrap();
            let source = ClientCredentials::builder("acme.us.auth0.com")
                .token_url(format!("{}/oauth/token", server.uri()))
                .client_id("client")
                .private_key_jwt(private)
                .parameter("hint", PARAMETER)
                .audience("https://api.test/")
                .clock(clock.clone())
                .store(FileStore::new(&path))
                .build()
                .unwrap();
            let token = source.token().await.unwrap();
            writeln!(output, "{token:?} {source:?}").unwrap();
            assert!(source.store_failure().is_none());
        }
    }

    // The file contains the token and no other secret, and nothing else contains the token.
    let mut stored = StoredToken::new(TOKEN, auth0_core::time::Clock::now(&*clock));
    stored.refresh_token = Some("pl4nted-refresh".into());
    writeln!(output, "{stored:?} {:?}", MemoryStore::new()).unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let file = entry.unwrap().path();
        let content = std::fs::read_to_string(&file).unwrap();
        output.push_str(&content.replace(TOKEN, ""));
        assert_eq!(content.contains(TOKEN), file == path);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
        }
    }
    // The error of a damaged file does not quote it.
    let damaged = std::fs::read_to_string(&path).unwrap().replace("3600", "");
    std::fs::write(&path, &damaged[..damaged.len() - 9]).unwrap();
    let key = serde_json::from_value(json!({"issuer": "i", "client_id": "c"})).unwrap();
    let error = FileStore::new(&path).load(&key).await.unwrap_err();
    writeln!(output, "{}", chain(&error)).unwrap();

    secrets.sort();
    secrets.dedup();
    assert!(secrets.len() > 60, "{}", secrets.len());
    let log = log.text();
    assert!(log.contains("access token fetched"), "{log}");
    for secret in &secrets {
        assert!(!output.contains(secret), "{secret} in {output}");
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
