//! Scopes: checked before a call, and reported after a 403.

use auth0_core::codegen::OperationFields;
use auth0_core::{
    AccessToken, Error, Operation, RetrySafety, Scopes, StaticToken, TokenSource,
    codegen::{CallOptions, TransportBuilder},
    token_fn,
};

use crate::support::*;

static HINTED: Operation = Operation::new(OperationFields {
    scopes_are_hints: true,
    ..READ.fields()
});
static CHOICE: Operation = Operation::new(OperationFields {
    id: "getTenant",
    method: "GET",
    path: "/tenants/{id}",
    retry_safety: RetrySafety::Safe,
    scopes: &[&["read:tenants", "read:members"], &["read:all"]],
    ..OperationFields::DEFAULT
});

fn granted(scopes: &'static str) -> impl TokenSource {
    token_fn(move || async move { Ok(AccessToken::new("t", 0).with_scopes(Scopes::parse(scopes))) })
}

fn client(tokens: impl TokenSource) -> TransportBuilder {
    builder(tokens).http_client(plain_client())
}

/// The number of requests of `operation`, and the error, if any.
async fn sent(builder: TransportBuilder, operation: &'static Operation) -> (usize, Option<Error>) {
    let server = FailureServer::always(Behavior::success());
    let transport = builder.build(base(&server.url)).unwrap();
    let result = call(&transport, operation, CallOptions::default()).await;
    (server.connections(), result.err())
}

#[tokio::test]
async fn missing_scope_rejects_the_call_before_sending() {
    for (operation, scopes, message) in [
        (
            &READ,
            "read:x read:tenants",
            "getMember: the token lacks a scope, the request was not sent; \
             it needs read:members; the token was granted read:tenants read:x",
        ),
        (
            &CHOICE,
            "read:tenants",
            "getTenant: the token lacks a scope, the request was not sent; \
             it needs read:tenants and read:members, or read:all; the token was granted read:tenants",
        ),
        (
            &READ,
            "",
            "getMember: the token lacks a scope, the request was not sent; \
             it needs read:members; the token was granted none",
        ),
    ] {
        let (sent, error) = sent(client(granted(scopes)).check_scopes(), operation).await;
        let error = error.unwrap();
        assert!(error.is_missing_scope() && !error.is_status() && !error.is_retryable());
        assert_eq!((sent, error.attempts()), (0, 0));
        assert_eq!(error.to_string(), message);
        assert_eq!(error.needed_scopes(), operation.scopes());
        assert_eq!(error.granted_scopes(), Some(&Scopes::parse(scopes)));
    }
}

#[tokio::test]
async fn call_is_sent_if_the_scopes_may_be_sufficient() {
    let checked = |tokens| client(tokens).check_scopes();
    for (sent, what) in [
        (sent(checked(granted("read:members")), &READ), "enough"),
        (
            sent(checked(granted("read:all")), &CHOICE),
            "one alternative",
        ),
        (sent(checked(granted("read:x")), &HINTED), "hints"),
        (sent(checked(granted("")), &CREATE), "none documented"),
    ] {
        let (sent, error) = sent.await;
        assert!(error.is_none() && sent == 1, "{what}: {error:?}");
    }
    let unknown = client(StaticToken::new("t")).check_scopes();
    assert_eq!(sent(unknown, &READ).await.0, 1);
    let unchecked = client(granted("read:x"));
    assert_eq!(sent(unchecked, &READ).await.0, 1);
}

#[tokio::test]
async fn replacement_token_without_the_scope_is_rejected_before_the_next_attempt() {
    let server = FailureServer::always(Behavior::ResetAfterRequest);
    let fetches = std::sync::atomic::AtomicU64::new(0);
    let tokens = token_fn(move || {
        let number = fetches.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let scopes = Scopes::parse(["read:members", "read:x"][number.min(1) as usize]);
        async move { Ok(AccessToken::new("t", number).with_scopes(scopes)) }
    });
    let transport = FakeTimer::default()
        .under(client(tokens))
        .check_scopes()
        .retry(Default::default())
        .build(base(&server.url))
        .unwrap();
    let error = call(&transport, &READ, CallOptions::default())
        .await
        .unwrap_err();
    assert!(error.is_missing_scope());
    assert_eq!((error.attempts(), server.requests().len()), (1, 1));
    assert_eq!(
        error.to_string(),
        "getMember: the token lacks a scope, the request was not retried; \
         it needs read:members; the token was granted read:x"
    );
}

/// The error of a 403 with `headers` and `body`, for a token of `tokens`.
async fn forbidden(
    tokens: impl TokenSource,
    operation: &'static Operation,
    headers: &str,
    body: &str,
) -> Error {
    let server = FailureServer::always(Behavior::status("403 Forbidden", headers, body));
    let transport = client(tokens).build(base(&server.url)).unwrap();
    let error = call(&transport, operation, CallOptions::default())
        .await
        .unwrap_err();
    assert!(error.is_forbidden() && error.is_status());
    error
}

#[tokio::test]
async fn status_403_is_a_missing_scope_by_the_granted_scopes() {
    for operation in [&READ, &HINTED] {
        let error = forbidden(granted("read:x"), operation, "", "{}").await;
        assert!(error.is_missing_scope());
        assert_eq!(
            displayed(&error),
            "getMember: 403 Forbidden; it needs read:members; the token was granted read:x (GET /members/{id})"
        );
    }
}

#[tokio::test]
async fn status_403_is_a_missing_scope_by_the_response() {
    let header = "www-authenticate: Basic realm=\"x\"\r\n\
                  www-authenticate: Bearer error=\"insufficient_scope\", scope=\"read:members\"\r\n";
    for (headers, body) in [
        (header, "{}"),
        ("", r#"{"statusCode":403,"errorCode":"insufficient_scope"}"#),
        ("", r#"{"error":"insufficient_scope"}"#),
        ("", r#"{"type":"insufficient_scope"}"#),
    ] {
        let error = forbidden(StaticToken::new("t"), &READ, headers, body).await;
        assert!(error.is_missing_scope(), "{headers}{body}");
        assert!(error.to_string().contains("; it needs read:members"));
        assert_eq!(error.granted_scopes(), None);
    }
}

#[tokio::test]
async fn status_403_for_another_reason_is_not_a_missing_scope() {
    let enough = forbidden(granted("read:members"), &READ, "", "{}").await;
    let unknown = forbidden(
        StaticToken::new("t"),
        &READ,
        "",
        r#"{"type":"TENANT_LIMIT"}"#,
    )
    .await;
    let undocumented = forbidden(granted(""), &CREATE, "", "{}").await;
    let other = "www-authenticate: Bearer error=\"invalid_token\"\r\n";
    let header = forbidden(StaticToken::new("t"), &READ, other, "not JSON").await;
    for error in [enough, unknown, undocumented, header] {
        assert!(!error.is_missing_scope(), "{error}");
        assert!(!error.to_string().contains("it needs"));
    }
}
