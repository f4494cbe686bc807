//! Tokens by client credentials: one request for many calls, replaced when refused or about to end, and no call
//! without one.

use std::sync::atomic::{AtomicUsize, Ordering};

use auth0_auth::Error as AuthError;
use auth0_teams::Error;
use futures_util::future::join_all;
use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use crate::auth0::*;
use crate::samples::*;
use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_calls_at_once_then_one_token_is_fetched() {
    let auth0 = Auth0::start(taking_tokens_from(1, member("auth0|1"))).await;
    let calls = (0..64).map(|_| {
        let client = auth0.client.clone();
        tokio::spawn(async move { client.members().get("auth0|1").await })
    });
    for result in join_all(calls).await {
        result.unwrap().unwrap();
    }
    let (tokens, calls) = auth0.seen().await;
    assert_eq!((tokens.len(), calls.len()), (1, 64));
    let form = String::from_utf8(tokens[0].body.clone()).unwrap();
    assert_eq!(
        form,
        format!(
            "grant_type=client_credentials&client_id=program&client_secret={CLIENT_SECRET}\
             &audience=https%3A%2F%2Facme.teams.auth0.com%2Fapi%2F"
        )
    );
}

#[tokio::test]
async fn two_clients_share_a_source_then_they_share_the_token() {
    let auth0 = Auth0::start(taking_tokens_from(1, member("auth0|1"))).await;
    let second = client_with(&auth0.server, auth0.source.clone());
    auth0.client.members().get("auth0|1").await.unwrap();
    second.members().get("auth0|1").await.unwrap();
    assert_eq!(auth0.counts().await, (1, 2));
}

#[tokio::test]
async fn token_that_was_taken_is_refused_then_it_is_fetched_once_and_the_call_repeated() {
    let body = json!({"id": "inv_1", "email": "ada@example.com", "role": "teams_owner"});
    let count = AtomicUsize::new(0);
    let auth0 = Auth0::start(move |request: &Request| {
        let first = count.fetch_add(1, Ordering::Relaxed) == 0;
        match token_of(request) {
            Some(1) if !first => json(401, &problem(401)),
            _ => json(201, &body),
        }
    })
    .await;
    let invite = || {
        use auth0_teams::types::{InviteMembersRequestContent, TeamMemberRoleEnum};
        let body =
            InviteMembersRequestContent::new("ada@example.com", TeamMemberRoleEnum::TeamsOwner);
        auth0.client.members().invite(body)
    };
    invite().await.unwrap();
    invite().await.unwrap();
    let (tokens, calls) = auth0.seen().await;
    assert_eq!(tokens.len(), 2);
    let carried: Vec<_> = calls.iter().map(token_of).collect();
    assert_eq!(carried, [Some(1), Some(1), Some(2)]);
    assert_eq!(calls[1].body, calls[2].body, "the repetition lost its body");
}

#[tokio::test]
async fn new_token_is_refused_as_well_then_the_error_is_the_refusal_and_no_third_is_fetched() {
    let auth0 = Auth0::start(taking_tokens_from(9, json!({}))).await;
    // A token that is not fresh is worth replacing even if no API ever took it.
    assert_unauthorized(&auth0.client.members().get("auth0|1").await.unwrap_err());
    assert_eq!(
        auth0.counts().await,
        (1, 1),
        "a fresh token that was never taken is not replaced"
    );
    auth0.clock.advance(LIFETIME / 2);
    assert_unauthorized(&auth0.client.members().get("auth0|1").await.unwrap_err());
    assert_eq!(auth0.counts().await, (2, 3));
    assert_unauthorized(&auth0.client.members().get("auth0|1").await.unwrap_err());
    assert_eq!(auth0.counts().await, (2, 4));
}

fn assert_unauthorized(error: &Error) {
    assert!(error.is_unauthorized(), "{error:?}");
    assert_eq!(
        error.problem().and_then(|problem| problem.problem_type()),
        Some("TYPE_OF_401")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn token_is_refused_to_sixty_four_calls_at_once_then_one_new_one_is_fetched() {
    let revoked = std::sync::Arc::new(AtomicUsize::new(0));
    let first_good = revoked.clone();
    let auth0 = Auth0::start(move |request: &Request| {
        if token_of(request) > Some(first_good.load(Ordering::SeqCst)) {
            json(200, &member("auth0|1"))
        } else {
            json(401, &problem(401))
        }
    })
    .await;
    auth0.client.members().get("auth0|1").await.unwrap();
    revoked.store(1, Ordering::SeqCst);
    let calls = (0..64).map(|_| {
        let client = auth0.client.clone();
        tokio::spawn(async move { client.members().get("auth0|1").await })
    });
    for result in join_all(calls).await {
        result.unwrap().unwrap();
    }
    let (tokens, calls) = auth0.seen().await;
    assert_eq!(tokens.len(), 2);
    let good = calls
        .iter()
        .filter(|request| token_of(request) == Some(2))
        .count();
    assert_eq!(good, 64);
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
        let auth0 = Auth0::with(answer, json(200, &member("auth0|1"))).await;
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
    let auth0 = Auth0::start(taking_tokens_from(1, member("auth0|1"))).await;
    let error = auth0.client.members().get("..").await.unwrap_err();
    assert!(error.is_invalid_request());
    assert_eq!(auth0.counts().await, (0, 0));
}

#[tokio::test]
async fn token_is_refused_and_no_other_can_be_had_then_the_error_holds_both() {
    let count = AtomicUsize::new(0);
    let endpoint = move |_: &Request| match count.fetch_add(1, Ordering::Relaxed) {
        0 => json(
            200,
            &json!({"access_token": token(1), "token_type": "Bearer", "expires_in": 3600}),
        ),
        _ => json(429, &json!({"error": "too_many_requests"})),
    };
    let auth0 = Auth0::with(endpoint, taking_tokens_from(2, json!({}))).await;
    let _ = auth0.client.members().get("auth0|1").await;
    auth0.clock.advance(LIFETIME / 2);
    let error = auth0.client.members().get("auth0|1").await.unwrap_err();
    assert!(error.is_token(), "{error:?}");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
    assert!(AuthError::find_in(&error).unwrap().is_rate_limited());
}

#[tokio::test]
async fn token_ends_in_the_middle_of_a_listing_then_the_next_page_comes_with_a_new_one() {
    let page = |request: &Request| match query(request, "from").as_deref() {
        None => json(200, &json!({"members": [member("a")], "next": "2"})),
        Some("2") => json(200, &json!({"members": [member("b")], "next": "3"})),
        _ => json(200, &json!({"members": [member("c")]})),
    };
    let auth0 = Auth0::start(page).await;
    let mut members = auth0.client.members().list().stream();
    let mut ids = Vec::new();
    while let Some(member) = members.try_next().await.unwrap() {
        ids.push(member.id);
        auth0.clock.advance(LIFETIME * 2 / 3);
    }
    assert_eq!(ids, ["a", "b", "c"]);
    let (tokens, calls) = auth0.seen().await;
    let carried: Vec<_> = calls.iter().map(token_of).collect();
    assert_eq!(carried, [Some(1), Some(1), Some(2)]);
    assert_eq!(tokens.len(), 2);
}

#[tokio::test]
async fn token_is_refused_in_the_middle_of_a_listing_then_no_page_is_lost_or_doubled() {
    let auth0 = Auth0::start(|request: &Request| {
        match (query(request, "from").as_deref(), token_of(request)) {
            (None, Some(1)) => json(200, &json!({"members": [member("a")], "next": "2"})),
            (Some("2"), Some(2)) => json(200, &json!({"members": [member("b")]})),
            _ => json(401, &problem(401)),
        }
    })
    .await;
    let mut members = auth0.client.members().list().stream();
    let mut ids = Vec::new();
    while let Some(member) = members.try_next().await.unwrap() {
        ids.push(member.id);
    }
    assert_eq!(ids, ["a", "b"]);
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
