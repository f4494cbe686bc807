//! The effects of faults, set up in code, over HTTP and by script.

use std::time::Duration;

use auth0_sandbox::{Effect, Fault, Hint, Reply, Sandbox, Script};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{TestSandbox, member_path, send_request, start, start_with};

/// Faults in code, and the same faults in a script.
fn faults() -> Vec<(Fault, &'static str)> {
    let role = |effect| Fault::of("updateMemberRole").then(effect);
    let limit = |hint, seconds| role(Effect::RateLimit { hint, seconds });
    vec![
        (
            role(Effect::status(500)),
            "then = { answer = { status = 500 } }",
        ),
        (
            role(Effect::Response(Reply::new(503).header("retry-after", "7"))),
            "then = { answer = { status = 503, headers = { retry-after = '7' } } }",
        ),
        (
            role(Effect::Response(
                Reply::new(502).html("<h1>Bad gateway</h1>"),
            )),
            "then = { answer = { status = 502, html = '<h1>Bad gateway</h1>' } }",
        ),
        (
            role(Effect::Response(
                Reply::new(200).json(json!({"role": 7})).acted(),
            )),
            "then = { answer = { status = 200, json = { role = 7 }, acted = true } }",
        ),
        (
            role(Effect::status(204)),
            "then = { answer = { status = 204 } }",
        ),
        (
            role(Effect::Response(
                Reply::new(403)
                    .json(json!("no"))
                    .header("content-type", "text/x-own"),
            )),
            "then = { answer = { status = 403, json = 'no', headers = { content-type = 'text/x-own' } } }",
        ),
        (
            limit(Hint::RetryAfter, 12),
            "then = { rate-limit = { hint = 'retry-after', seconds = 12 } }",
        ),
        (
            limit(Hint::RetryAfterDate, 12),
            "then = { rate-limit = { hint = 'retry-after-date', seconds = 12 } }",
        ),
        (
            limit(Hint::Reset, 12),
            "then = { rate-limit = { hint = 'reset', seconds = 12 } }",
        ),
        (
            limit(Hint::None, 12),
            "then = { rate-limit = { hint = 'none', seconds = 12 } }",
        ),
        (
            role(Effect::Reset { acted: false }),
            "then = { reset = {} }",
        ),
        (
            role(Effect::Reset { acted: true }),
            "then = { reset = { acted = true } }",
        ),
        (
            role(Effect::Silence { acted: false }),
            "then = { silence = { acted = false } }",
        ),
        (
            role(Effect::Silence { acted: true }),
            "then = { silence = { acted = true } }",
        ),
        (role(Effect::Truncate), "then = 'truncate'"),
        (role(Effect::Endless), "then = 'endless'"),
        (role(Effect::ExtraFields), "then = 'extra-fields'"),
        (role(Effect::UnknownEnums), "then = 'unknown-enums'"),
        (role(Effect::OddScalars), "then = 'odd-scalars'"),
        (role(Effect::MissingLists), "then = 'missing-lists'"),
        (role(Effect::RepeatCursor), "then = 'repeat-cursor'"),
        (
            role(Effect::CappedPages { items: 2 }),
            "then = { capped-pages = { items = 2 } }",
        ),
    ]
}

/// Checks the wait of a hint in this table. The second may change between the hint and `Date`.
fn expected_wait(seconds: i64) -> i64 {
    assert!((11..=12).contains(&seconds), "{seconds}");
    12
}

/// Describes what the client receives.
async fn describe_response(request: RequestBuilder) -> String {
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.is_timeout() => return "no response in time".to_owned(),
        Err(_) => return "no response".to_owned(),
    };
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let now = chrono::DateTime::parse_from_rfc2822(&header("date").unwrap()).unwrap();
    let mut seen = response.status().as_u16().to_string();
    if let Some(kind) = header("content-type") {
        seen += &format!(" {kind}");
    }
    if let Some(after) = header("retry-after") {
        seen += &match chrono::DateTime::parse_from_rfc2822(&after) {
            Ok(date) => format!(
                " retry-after a date in {}",
                expected_wait((date - now).num_seconds())
            ),
            Err(_) => format!(" retry-after {after}"),
        };
    }
    if let Some(reset) = header("x-ratelimit-reset") {
        let seconds = expected_wait(reset.parse::<i64>().unwrap() - now.timestamp());
        let [limit, left] = ["x-ratelimit-limit", "x-ratelimit-remaining"].map(header);
        seen += &format!(
            " reset in {seconds} limit {} left {}",
            limit.unwrap(),
            left.unwrap()
        );
    }
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(_)) if body.len() > 1_000_000 => return format!("{seen} with an endless body"),
            Ok(Some(chunk)) => body.extend(chunk),
            Ok(None) => break,
            Err(_) => {
                return format!("{seen} truncated, received a part: {}", !body.is_empty());
            }
        }
    }
    format!("{seen} {}", String::from_utf8(body).unwrap())
}

/// Starts three sandboxes with the same fault: set up by the library, over HTTP and by script.
async fn start_each_way(fault: Fault, operation: &str, text: &str) -> [TestSandbox; 3] {
    let text = format!("[[fault]]\noperation = '{operation}'\n{text}");
    let by_library = start().await;
    by_library.fail(fault).unwrap();
    let by_http = start().await;
    let table: Value = toml::from_str(&text).unwrap();
    let request = by_http
        .admin(Method::POST, "/faults")
        .json(&table["fault"][0]);
    send_request(request).await.expect(204);
    let script = Script::parse("faults.toml", &text).unwrap();
    let by_script = start_with(Sandbox::builder().script(script)).await;
    let sandboxes = [by_library, by_http, by_script];
    let mut listed = Vec::new();
    for sandbox in &sandboxes {
        listed.push(
            send_request(sandbox.admin(Method::GET, "/faults"))
                .await
                .expect(200),
        );
    }
    // Each fault is listed in the form in which it can be added.
    assert_eq!(
        listed,
        vec![table["fault"].clone(); 3]
            .iter()
            .map(with_explicit_acted)
            .collect::<Vec<_>>()
    );
    sandboxes
}

/// The listed form of a fault, with an explicit `acted`.
fn with_explicit_acted(faults: &Value) -> Value {
    let mut faults = faults.clone();
    for effect in ["reset", "silence", "answer"] {
        if let Some(effect) = faults[0]["then"].get_mut(effect) {
            let acted = effect.get("acted").cloned().unwrap_or(json!(false));
            effect["acted"] = acted;
        }
    }
    faults
}

/// The outcome of a role change.
async fn observe(sandbox: &TestSandbox, text: &str) -> String {
    let path = member_path(&sandbox.first_member().id);
    let body = json!({"role": "teams_report_viewer"});
    let request = sandbox.request(Method::PATCH, &path).json(&body);
    // Only a silent sandbox needs a timeout.
    let timeout = Duration::from_secs(if text.contains("silence") { 1 } else { 20 });
    let seen = describe_response(request.timeout(timeout)).await;
    let [record] = &sandbox.requests_of("updateMemberRole")[..] else {
        panic!("expected one request")
    };
    // The request log must agree with the state of the member.
    let role = sandbox.get(&path).await.expect(200)["role"].clone();
    assert_eq!(role == "teams_report_viewer", record.acted, "{text}");
    let status = seen.get(..3).and_then(|status| status.parse().ok());
    assert_eq!(record.status, status, "{text}");
    let seen = seen.trim_end().replace(&sandbox.first_member().id, "ID");
    format!("{text}\n  acted {}: {seen}", record.acted)
}

#[tokio::test]
async fn fault_has_the_same_effect_however_it_is_set_up() {
    let mut all = Vec::new();
    for (fault, text) in faults() {
        let sandboxes = start_each_way(fault, "updateMemberRole", text).await;
        let found = sandboxes.iter().map(|sandbox| observe(sandbox, text));
        let mut found = futures_util::future::join_all(found).await;
        assert_eq!(found[0], found[1]);
        assert_eq!(found[0], found[2]);
        all.push(found.remove(0));
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    then = { answer = { status = 500 } }
      acted false: 500 application/json {"status":500,"type":"SANDBOX_FAULT","title":"Injected fault"}
    then = { answer = { status = 503, headers = { retry-after = '7' } } }
      acted false: 503 application/json retry-after 7 {"status":503,"type":"SANDBOX_FAULT","title":"Injected fault"}
    then = { answer = { status = 502, html = '<h1>Bad gateway</h1>' } }
      acted false: 502 text/html; charset=utf-8 <h1>Bad gateway</h1>
    then = { answer = { status = 200, json = { role = 7 }, acted = true } }
      acted true: 200 application/json {"role":7}
    then = { answer = { status = 204 } }
      acted false: 204
    then = { answer = { status = 403, json = 'no', headers = { content-type = 'text/x-own' } } }
      acted false: 403 text/x-own "no"
    then = { rate-limit = { hint = 'retry-after', seconds = 12 } }
      acted false: 429 application/json retry-after 12 {"status":429,"type":"TOO_MANY_REQUESTS","title":"Too many requests"}
    then = { rate-limit = { hint = 'retry-after-date', seconds = 12 } }
      acted false: 429 application/json retry-after a date in 12 {"status":429,"type":"TOO_MANY_REQUESTS","title":"Too many requests"}
    then = { rate-limit = { hint = 'reset', seconds = 12 } }
      acted false: 429 application/json reset in 12 limit 10 left 0 {"status":429,"type":"TOO_MANY_REQUESTS","title":"Too many requests"}
    then = { rate-limit = { hint = 'none', seconds = 12 } }
      acted false: 429 application/json {"status":429,"type":"TOO_MANY_REQUESTS","title":"Too many requests"}
    then = { reset = {} }
      acted false: no response
    then = { reset = { acted = true } }
      acted true: no response
    then = { silence = { acted = false } }
      acted false: no response in time
    then = { silence = { acted = true } }
      acted true: no response in time
    then = 'truncate'
      acted true: 200 application/json truncated, received a part: true
    then = 'endless'
      acted true: 200 application/json with an endless body
    then = 'extra-fields'
      acted true: 200 application/json {"email":"ada.lovelace@example.com","family_name":"Lovelace","given_name":"Ada","id":"ID","name":"Ada Lovelace","nickname":"ada.lovelace","role":"teams_report_viewer","sandbox_extra":{"nested":[1,null,"text"]}}
    then = 'unknown-enums'
      acted true: 200 application/json {"email":"ada.lovelace@example.com","family_name":"Lovelace","given_name":"Ada","id":"ID","name":"Ada Lovelace","nickname":"ada.lovelace","role":"sandbox-unknown"}
    then = 'odd-scalars'
      acted true: 200 application/json {"email":null,"family_name":null,"given_name":null,"id":null,"name":null,"nickname":null,"role":null}
    then = 'missing-lists'
      acted true: 200 application/json {"email":"ada.lovelace@example.com","family_name":"Lovelace","given_name":"Ada","id":"ID","name":"Ada Lovelace","nickname":"ada.lovelace","role":"teams_report_viewer"}
    then = 'repeat-cursor'
      acted true: 200 application/json {"email":"ada.lovelace@example.com","family_name":"Lovelace","given_name":"Ada","id":"ID","name":"Ada Lovelace","nickname":"ada.lovelace","role":"teams_report_viewer"}
    then = { capped-pages = { items = 2 } }
      acted true: 200 application/json {"email":"ada.lovelace@example.com","family_name":"Lovelace","given_name":"Ada","id":"ID","name":"Ada Lovelace","nickname":"ada.lovelace","role":"teams_report_viewer"}
    "#);
}

#[tokio::test]
async fn empty_body_is_truncated_by_a_reset_and_endless_with_another_status() {
    for (effect, expected, status) in [
        (Effect::Truncate, "no response", None),
        (Effect::Endless, "200 with an endless body", Some(200)),
        (Effect::ExtraFields, "204 ", Some(204)),
        (Effect::UnknownEnums, "204 ", Some(204)),
        (Effect::OddScalars, "204 ", Some(204)),
        (Effect::MissingLists, "204 ", Some(204)),
    ] {
        let sandbox = start().await;
        sandbox
            .fail(Fault::of("deleteMember").then(effect))
            .unwrap();
        let id = sandbox.member_ids().await[3].clone();
        assert_eq!(
            describe_response(sandbox.request(Method::DELETE, &member_path(&id))).await,
            expected
        );
        let record = sandbox.requests_of("deleteMember").remove(0);
        assert_eq!((record.status, record.acted), (status, true));
        assert_eq!(sandbox.get(&member_path(&id)).await.status, 404);
    }
}

#[tokio::test]
async fn body_changing_effects_leave_errors_unchanged() {
    // Effects that change responses do not touch errors, and the log says that nothing was done.
    let sandbox = start().await;
    for effect in [
        Effect::ExtraFields,
        Effect::UnknownEnums,
        Effect::OddScalars,
        Effect::MissingLists,
        Effect::RepeatCursor,
    ] {
        sandbox
            .fail(Fault::of("getMember").times(1).then(effect))
            .unwrap();
        let rejected = sandbox.get("/api/members/nobody").await;
        assert_eq!(rejected.status_and_type(), (404, "NOT_FOUND"));
        assert_eq!(rejected.body.as_object().unwrap().len(), 3);
        assert!(!sandbox.requests_of("getMember").pop().unwrap().acted);
    }
}

#[tokio::test]
async fn reset_fault_resets_the_connection() {
    let sandbox = start().await;
    sandbox
        .fail(Fault::of_any().then(Effect::Reset { acted: true }))
        .unwrap();
    let address = sandbox.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /api/members HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let error = stream.read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}
