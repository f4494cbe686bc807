//! Tokens by client credentials: one request for many calls, replaced when refused or about to end, and no call
//! without one.

use std::time::Duration;

use auth0_auth::Error as AuthError;
use auth0_core::time::Clock as _;
use auth0_sandbox::{Effect, Fault, Sandbox};
use auth0_teams::Error;
use auth0_teams::resources::members::GetMember;
use auth0_teams::types::{
    InviteMembersRequestContent, InviteMembersRequestContentRequired, TeamMember,
    TeamMemberRoleEnum,
};
use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use crate::auth0::{Auth0, LIFETIME};
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

/// Sixty-four calls at once, which all succeed.
async fn crowd(local: &Local) {
    let calls = (0..64).map(|_| tokio::spawn(member(local).into_future()));
    for result in join_all(calls).await {
        result.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_calls_at_once_then_one_token_is_fetched() {
    let local = start().await;
    crowd(&local).await;
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
async fn token_that_was_taken_is_refused_then_it_is_fetched_once_and_the_call_repeated() {
    let local = start().await;
    let invite = |email: &str| {
        let body = InviteMembersRequestContent::new(InviteMembersRequestContentRequired {
            email,
            role: TeamMemberRoleEnum::TeamsOwner,
        });
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
        "the repetition lost its body"
    );
    assert_eq!(invitations[1].role, "teams_owner");
}

#[tokio::test]
async fn new_token_is_refused_as_well_then_the_error_is_the_refusal_and_no_third_is_fetched() {
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
    // A token that is not fresh is worth replacing even if no API ever took it.
    assert_unauthorized(&member(&local).await.unwrap_err());
    assert_eq!(
        counts(),
        (1, 1),
        "a fresh token that was never taken is not replaced"
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
async fn token_is_refused_to_sixty_four_calls_at_once_then_one_new_one_is_fetched() {
    let local = start().await;
    member(&local).await.unwrap();
    local.revoke_tokens();
    local.forget_requests();
    crowd(&local).await;
    assert_eq!(local.requests_of("token").len(), 1);
    let statuses = local.statuses("getMember");
    let good = statuses.iter().filter(|status| **status == Some(200));
    assert_eq!(good.count(), 64);
    assert!(statuses.contains(&Some(401)));
}

/// A predicate of the typed error.
type Kind = fn(&AuthError) -> bool;

#[tokio::test]
async fn token_cannot_be_had_then_the_api_is_not_asked() {
    let rejection = json!({"error": "access_denied", "error_description": "Unauthorized"});
    let answers: [(ResponseTemplate, Kind); 10] = [
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
    for (answer, kind) in answers {
        let told = format!("{answer:?}");
        let auth0 = Auth0::with(answer, json(200, &crate::samples::member("auth0|1"))).await;
        let error = auth0.client.members().get("auth0|1").await.unwrap_err();
        assert!(error.is_token() && !error.has_acted(), "{told}: {error:?}");
        assert_eq!(error.operation(), Some("getMember"));
        assert_eq!(error.status(), None, "{told}");
        let cause = AuthError::find_in(&error).unwrap();
        assert!(kind(cause), "{told}: {cause:?}");
        assert_eq!(auth0.counts().await, (1, 0), "{told}");

        let mut listing = auth0.client.members().list().stream();
        assert!(listing.try_next().await.unwrap_err().is_token());
        assert_eq!(auth0.counts().await.1, 0, "{told}");
    }
}

#[tokio::test]
async fn request_breaks_the_rules_then_no_token_is_bought_for_it() {
    let local = start().await;
    let error = local.client.members().get("..").await.unwrap_err();
    assert!(error.is_invalid_request());
    assert!(local.requests().is_empty());
}

#[tokio::test]
async fn token_is_refused_and_no_other_can_be_had_then_the_error_holds_both_and_says_when() {
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
        "somebody waited for the quota"
    );
    assert_eq!(local.statuses("token"), [200, 429].map(Some));
    assert_eq!(local.statuses("getMember"), [200, 401].map(Some));
}

#[tokio::test]
async fn token_ends_in_the_middle_of_a_listing_then_the_next_page_comes_with_a_new_one() {
    let local = Local::start(Sandbox::builder().members(3).token_lifetime(LIFETIME)).await;
    let mut members = local.client.members().list().take(1).stream();
    let mut tokens = Vec::new();
    while members.try_next().await.unwrap().is_some() {
        tokens.push(local.tokens_granted());
        local.timer.advance(LIFETIME * 2 / 3);
    }
    assert_eq!(tokens, [1, 1, 2]);
    // It was replaced before the sandbox could refuse it.
    assert_eq!(local.statuses("listMembers"), [Some(200); 3]);
    assert_eq!(local.requests_of("token").len(), 2);
}

#[tokio::test]
async fn token_is_refused_in_the_middle_of_a_listing_then_no_page_is_lost_or_doubled() {
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

/// What the server does with call `n`. None is a 401, which would be repeated.
fn fate(n: u16) -> ResponseTemplate {
    let mut body = problem(400 + n);
    body["title"] = json!(format!("fate {n}"));
    match n % 4 {
        0 | 1 => json(402 + n, &body),
        2 => ResponseTemplate::new(500 + n).set_body_string(format!("<p>fate {n}</p>")),
        _ => json(200, &json!({"id": format!("fate {n}")})),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_calls_fail_in_sixty_four_ways_then_each_gets_its_own_error() {
    let auth0 = Auth0::start(|request: &Request| {
        let id = request.url.path().rsplit('/').next().unwrap();
        fate(id.parse().unwrap())
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
            body.contains(&format!("fate {n}\"")) || body.contains(&format!("fate {n}<")),
            "{n}: {body}"
        );
        let status = error.status().unwrap().as_u16();
        match n % 4 {
            0 | 1 => {
                assert_eq!(status, 402 + n);
                let problem = error.problem().unwrap();
                assert_eq!(problem.title(), Some(&*format!("fate {n}")));
            }
            2 => assert_eq!((status, error.problem().is_none()), (500 + n, true)),
            _ => assert!(status == 200 && error.is_undecodable(), "{n}: {error:?}"),
        }
    }
    assert_eq!(auth0.counts().await, (1, 64));
}
