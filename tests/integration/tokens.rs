//! Tokens of the client credentials flow: concurrent calls share one token request, a token is replaced when it is
//! rejected or about to expire, and no call is sent without a token.

use std::time::Duration;

use auth0_auth::Error as AuthError;
use auth0_core::time::Clock as _;
use auth0_sandbox::{Effect, Fault, Sandbox};
use auth0_teams::Error;
use auth0_teams::resources::members::GetMember;
use auth0_teams::types::{TeamMember, TeamMemberRoleEnum};
use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use crate::auth0::{Auth0, LIFETIME};
use crate::bodies::invitation;
use crate::samples::problem;
use crate::sandbox::Local;
use crate::support::*;

/// A sandbox whose tokens live for an hour.
async fn start() -> Local {
    Local::start(Sandbox::builder().token_lifetime(LIFETIME)).await
}

fn member(local: &Local) -> GetMember {
    local.client.members().get(&local.first_member().id)
}

/// Makes 64 concurrent calls, which all succeed.
async fn send_concurrently(local: &Local) {
    let calls = (0..64).map(|_| tokio::spawn(member(local).into_future()));
    for result in join_all(calls).await {
        result.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_calls_start_at_once_then_one_token_is_fetched() {
    let local = start().await;
    send_concurrently(&local).await;
    assert_eq!(local.statuses("token"), [Some(200)]);
    assert_eq!(local.statuses("getMember"), [Some(200); 64]);
}

#[tokio::test]
async fn two_clients_share_a_source_then_they_share_the_token() {
    let local = start().await;
    let second = local.builder().build().unwrap();
    member(&local).await.unwrap();
    second.members().list().await.unwrap();
    assert_eq!(local.requests_of("token").len(), 1);
    assert_eq!(local.requests().len(), 3);
}

#[tokio::test]
async fn accepted_token_is_rejected_later_then_it_is_replaced_once_and_the_call_retried() {
    let local = start().await;
    let invite = |email: &str| {
        let body = invitation(email, TeamMemberRoleEnum::TeamsOwner);
        local.client.members().invite(body)
    };
    invite("ada@example.com").await.unwrap();
    local.revoke_tokens();
    invite("grace@example.com").await.unwrap();
    assert_eq!(local.statuses("inviteMember"), [201, 401, 201].map(Some));
    assert_eq!(local.requests_of("token").len(), 2);
    let invitations = local.invitations();
    let emails: Vec<_> = invitations
        .iter()
        .map(|invitation| &*invitation.email)
        .collect();
    assert_eq!(
        emails,
        ["ada@example.com", "grace@example.com"],
        "the retry lost its body"
    );
    assert_eq!(invitations[1].role, "teams_owner");
}

#[tokio::test]
async fn new_token_is_rejected_too_then_the_call_fails_and_no_third_is_fetched() {
    let local = start().await;
    let seconds = LIFETIME.as_secs();
    local
        .fail(Fault::of("token").then(Effect::EarlyExpiry { seconds }))
        .unwrap();
    let counts = || {
        (
            local.requests_of("token").len(),
            local.requests_of("getMember").len(),
        )
    };
    // A token that is not new is replaced even if no API has accepted it yet.
    assert_unauthorized(&member(&local).await.unwrap_err());
    assert_eq!(
        counts(),
        (1, 1),
        "a new token that was never accepted is not replaced"
    );
    local.timer.advance(LIFETIME / 2);
    assert_unauthorized(&member(&local).await.unwrap_err());
    assert_eq!(counts(), (2, 3));
    assert_unauthorized(&member(&local).await.unwrap_err());
    assert_eq!(counts(), (2, 4));
    assert_eq!(local.statuses("getMember"), [Some(401); 4]);
}

fn assert_unauthorized(error: &Error) {
    assert!(error.is_unauthorized(), "{error:?}");
    assert_eq!(
        error.problem().and_then(|problem| problem.problem_type()),
        Some("UNAUTHORIZED")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn token_is_rejected_for_many_calls_at_once_then_it_is_replaced_once() {
    let local = start().await;
    member(&local).await.unwrap();
    local.revoke_tokens();
    local.forget_requests();
    send_concurrently(&local).await;
    assert_eq!(local.requests_of("token").len(), 1);
    let statuses = local.statuses("getMember");
    let good = statuses.iter().filter(|status| **status == Some(200));
    assert_eq!(good.count(), 64);
    assert!(statuses.contains(&Some(401)));
}

/// A predicate of the typed error.
type Predicate = fn(&AuthError) -> bool;

#[tokio::test]
async fn token_cannot_be_obtained_then_no_api_request_is_sent() {
    let rejection = json!({"error": "access_denied", "error_description": "Unauthorized"});
    let responses: [(ResponseTemplate, Predicate); 10] = [
        (json(401, &rejection), AuthError::is_rejected),
        (json(403, &rejection), AuthError::is_rejected),
        (
            json(429, &json!({"error": "too_many_requests"})),
            AuthError::is_rate_limited,
        ),
        (ResponseTemplate::new(500), AuthError::is_invalid_response),
        (ResponseTemplate::new(200), AuthError::is_invalid_response),
        (
            ResponseTemplate::new(200).set_body_string("<html>"),
            AuthError::is_invalid_response,
        ),
        (
            json(200, &json!({"token_type": "Bearer"})),
            AuthError::is_invalid_response,
        ),
        (
            json(200, &json!({"access_token": "", "token_type": "Bearer"})),
            AuthError::is_invalid_response,
        ),
        (
            json(200, &json!({"access_token": null})),
            AuthError::is_invalid_response,
        ),
        (
            ResponseTemplate::new(302).insert_header("location", "/api/members"),
            AuthError::is_invalid_response,
        ),
    ];
    for (response, kind) in responses {
        let context = format!("{response:?}");
        let auth0 = Auth0::with(response, json(200, &crate::samples::member("auth0|1"))).await;
        let error = auth0.client.members().get("auth0|1").await.unwrap_err();
        assert!(
            error.is_token() && !error.has_acted(),
            "{context}: {error:?}"
        );
        assert_eq!(error.operation(), Some("getMember"));
        assert_eq!(error.status(), None, "{context}");
        let cause = AuthError::find_in(&error).unwrap();
        assert!(kind(cause), "{context}: {cause:?}");
        assert_eq!(auth0.counts().await, (1, 0), "{context}");

        let mut listing = auth0.client.members().list().stream();
        assert!(listing.try_next().await.unwrap_err().is_token());
        assert_eq!(auth0.counts().await.1, 0, "{context}");
    }
}

#[tokio::test]
async fn request_violates_rules_then_no_token_is_requested() {
    let local = start().await;
    let error = local.client.members().get("..").await.unwrap_err();
    assert!(error.is_invalid_request());
    assert!(local.requests().is_empty());
}

#[tokio::test]
async fn token_is_rejected_and_cannot_be_replaced_then_the_error_has_both_causes_and_the_retry_time()
 {
    let local = start().await;
    member(&local).await.unwrap();
    local.revoke_tokens();
    let used_up = Effect::Quota { seconds: 7200 };
    local.fail(Fault::of("token").then(used_up)).unwrap();
    let error = member(&local).await.unwrap_err();
    assert!(error.is_token(), "{error:?}");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
    let cause = AuthError::find_in(&error).unwrap();
    assert!(cause.is_rate_limited());
    let wait = Duration::from_secs(7200);
    assert_eq!(cause.retry_after(), Some(wait));
    assert_eq!(cause.retry_at(), Some(local.timer.now() + wait));
    assert!(
        local.timer.slept().is_empty(),
        "a call waited for the quota"
    );
    assert_eq!(local.statuses("token"), [200, 429].map(Some));
    assert_eq!(local.statuses("getMember"), [200, 401].map(Some));
}

#[tokio::test]
async fn token_expires_during_a_listing_then_the_next_page_uses_a_new_token() {
    let local = Local::start(Sandbox::builder().members(3).token_lifetime(LIFETIME)).await;
    let mut members = local.client.members().list().take(1).stream();
    let mut tokens = Vec::new();
    while members.try_next().await.unwrap().is_some() {
        tokens.push(local.tokens_granted());
        local.timer.advance(LIFETIME * 2 / 3);
    }
    assert_eq!(tokens, [1, 1, 2]);
    // The client replaced the token before the sandbox could reject it.
    assert_eq!(local.statuses("listMembers"), [Some(200); 3]);
    assert_eq!(local.requests_of("token").len(), 2);
}

#[tokio::test]
async fn token_is_rejected_during_a_listing_then_no_page_is_lost_or_duplicated() {
    let local = Local::start(Sandbox::builder().members(3)).await;
    let listing = local.client.members().list();
    let expected: Vec<_> = listing.clone().stream().try_collect().await.unwrap();
    local.forget_requests();
    let mut members = listing.take(1).stream();
    let mut read = Vec::new();
    while let Some(member) = members.try_next().await.unwrap() {
        if read.is_empty() {
            local.revoke_tokens();
        }
        read.push(member);
    }
    let ids = |members: &[TeamMember]| {
        members
            .iter()
            .map(|member| member.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&read), ids(&expected));
    assert_eq!(
        local.statuses("listMembers"),
        [200, 401, 200, 200].map(Some)
    );
}

/// The response to call `n`. None is a 401, which would be retried.
fn numbered_response(n: u16) -> ResponseTemplate {
    let mut body = problem(400 + n);
    body["title"] = json!(format!("response {n}"));
    match n % 4 {
        0 | 1 => json(402 + n, &body),
        2 => ResponseTemplate::new(500 + n).set_body_string(format!("<p>response {n}</p>")),
        _ => json(200, &json!({"id": format!("response {n}")})),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_calls_fail_differently_then_each_gets_its_own_error() {
    let auth0 = Auth0::start(|request: &Request| {
        let id = request.url.path().rsplit('/').next().unwrap();
        numbered_response(id.parse().unwrap())
    })
    .await;
    let calls = (0..64).map(|n: u16| {
        let client = auth0.client.clone();
        tokio::spawn(async move {
            let error = client.members().get(n.to_string()).await.unwrap_err();
            (n, error)
        })
    });
    for result in join_all(calls).await {
        let (n, error) = result.unwrap();
        let body = String::from_utf8(error.body().unwrap().to_vec()).unwrap();
        assert!(
            body.contains(&format!("response {n}\"")) || body.contains(&format!("response {n}<")),
            "{n}: {body}"
        );
        let status = error.status().unwrap().as_u16();
        match n % 4 {
            0 | 1 => {
                assert_eq!(status, 402 + n);
                let problem = error.problem().unwrap();
                assert_eq!(problem.title(), Some(&*format!("response {n}")));
            }
            2 => assert_eq!((status, error.problem().is_none()), (500 + n, true)),
            _ => assert!(status == 200 && error.is_undecodable(), "{n}: {error:?}"),
        }
    }
    assert_eq!(auth0.counts().await, (1, 64));
}
