//! Callers: logged-in users and applications, with bearer tokens and with tokens that are bound to a DPoP key.

use auth0_auth::{AuthorizationCode, DpopKey, Error as AuthError, Loopback, Session};
use auth0_core::{StaticToken, TokenSource};
use auth0_my_organization::types::OrgDetailsRequest;
use auth0_sandbox::{Application, SandboxBuilder};

use super::*;
use crate::support::{http_client, printed};

const SCOPE: &str = "offline_access read:my_org:details update:my_org:details";

fn builder() -> SandboxBuilder {
    Sandbox::builder().login_at_once()
}

/// Logs in the first member. The browser is a task that follows redirects.
async fn login(local: &Local, key: Option<DpopKey>) -> Session {
    let loopback = Loopback::bind().await.unwrap();
    let mut flow = AuthorizationCode::builder(local.domain())
        .issuer(format!("{}/", local.url()))
        .client_id(local.native_client_id().unwrap())
        .http_client(http_client())
        .redirect_uri(loopback.redirect_uri())
        .audience(local.my_organization_audience())
        .organization(local.organization_id())
        .login_hint(&*local.organization_member().unwrap().id)
        .scope(SCOPE);
    if let Some(key) = key {
        flow = flow.dpop(key);
    }
    let open = |url: &str| {
        let browser = reqwest::Client::builder().no_proxy().build().unwrap();
        tokio::spawn(browser.get(url).send());
        Ok(())
    };
    loopback.login(&flow.build().unwrap(), open).await.unwrap()
}

/// Makes one write and one read.
async fn rename(client: &Client, name: &str) -> Result<(), Error> {
    let change = OrgDetailsRequest::new().display_name(name);
    client.organization_details().update(change).await?;
    let details = client.organization_details().get().await?;
    assert_eq!(details.display_name.as_deref(), Some(name));
    Ok(())
}

#[tokio::test]
async fn administrator_logs_in_then_calls_act_for_their_organization_and_the_session_is_refreshed()
{
    let local = Local::start(builder()).await;
    let session = login(&local, None).await;
    let id_token = session.id_token().unwrap();
    assert_eq!(id_token.org_id(), Some(local.organization_id()));
    assert_eq!(id_token.subject(), local.organization_member().unwrap().id);
    let client = local.my_organization_with(session).build().unwrap();
    rename(&client, "Acme").await.unwrap();
    for round in 0..3 {
        local.revoke_tokens();
        rename(&client, &format!("Acme {round}")).await.unwrap();
    }
    assert_eq!(
        local.statuses("token"),
        [Some(200); 4],
        "one code, three refreshes"
    );
}

#[tokio::test]
async fn login_is_bound_to_a_key_then_refreshes_keep_the_key_and_nonces_are_sent() {
    let local = Local::start(builder().dpop_nonces()).await;
    let session = login(&local, Some(DpopKey::generate().unwrap())).await;
    let token = session.token().await.unwrap();
    let client = local.my_organization_with(session).build().unwrap();
    rename(&client, "Acme").await.unwrap();
    rename(&client, "Acme Inc").await.unwrap();
    local.revoke_tokens();
    rename(&client, "Acme Ltd").await.unwrap();
    // Login and API share an address but have separate nonces, and each nonce is requested once.
    let asked = [Some(400), Some(200), Some(200)];
    assert_eq!(local.statuses("token"), asked);
    // The second 401 is for the revoked token.
    let asked = [Some(401), Some(200), Some(200), Some(401), Some(200)];
    assert_eq!(local.statuses("UpdateOrganizationDetails"), asked);
    assert_eq!(local.statuses("GetOrganizationDetails"), [Some(200); 3]);
    assert_eq!(local.acted("UpdateOrganizationDetails"), 3);

    // A stolen token is useless without the key.
    let thief_client = local.my_organization_with(StaticToken::new(token.secret()));
    let error = rename(&thief_client.build().unwrap(), "Mine")
        .await
        .unwrap_err();
    assert!(error.is_unauthorized(), "{error:?}");
}

#[tokio::test]
async fn application_names_an_organization_then_either_kind_of_token_acts_for_it() {
    let local = Local::start(builder().dpop_nonces()).await;
    for key in [None, Some(DpopKey::generate().unwrap())] {
        let mut source = local.credentials_for(local.my_organization_audience());
        source = source.organization(local.organization_id());
        if let Some(key) = key {
            source = source.dpop(key);
        }
        let source = source.build().unwrap();
        let client = local.my_organization_with(source).build().unwrap();
        rename(&client, "Acme").await.unwrap();
        let details = client.organization_details().get().await.unwrap();
        assert_eq!(details.id.as_deref(), Some(local.organization_id()));
    }
}

#[tokio::test]
async fn token_is_for_no_organization_then_the_call_is_rejected_with_the_reason() {
    let local = Local::start(builder()).await;
    let source = local.credentials_for(local.my_organization_audience());
    let client = local.my_organization_with(source.build().unwrap());
    let error = rename(&client.build().unwrap(), "Acme").await.unwrap_err();
    assert!(error.is_forbidden() && !error.has_acted(), "{error:?}");
    let problem = error.problem().unwrap();
    let detail = problem.detail().unwrap();
    assert_eq!(
        detail,
        "expected a token requested with the `organization` parameter"
    );
    assert_eq!(rejection(&error).1, "The token is bound to no organization");
}

#[tokio::test]
async fn token_is_for_another_organization_then_only_that_one_changes() {
    let local = Local::start(builder()).await;
    let all = local
        .organizations()
        .organizations()
        .list()
        .take(3)
        .await
        .unwrap();
    let other = all.organizations[1].id.clone().unwrap();
    let source = local.credentials_for(local.my_organization_audience());
    let source = source.organization(&other).build().unwrap();
    let client = local.my_organization_with(source).build().unwrap();
    rename(&client, "Other").await.unwrap();
    let first = local
        .my_organization()
        .organization_details()
        .get()
        .await
        .unwrap();
    assert_eq!(first.display_name.as_deref(), Some("Northwind Traders"));
    // The other client cannot see resources of the first organization.
    let domains = local
        .my_organization()
        .organization()
        .domains()
        .list()
        .await
        .unwrap();
    let domain = &domains.organization_domains[0].id;
    let error = client
        .organization()
        .domains()
        .get(domain)
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
}

#[tokio::test]
async fn application_may_not_act_for_the_organization_then_no_token_is_issued_and_no_call_sent() {
    let narrow = Application::new("narrow", "its secret").organizations(["org_0000000000000000"]);
    let local = Local::start(builder().application(narrow)).await;
    let error = rename(&local.my_organization(), "Acme").await.unwrap_err();
    assert!(error.is_token(), "{error:?}");
    let cause = AuthError::find_in(&error).unwrap();
    assert!(
        cause.is_unauthorized_client() || cause.is_access_denied(),
        "{cause:?}"
    );
    let description = cause.error_description().unwrap();
    assert!(
        description.contains("organization: the application may not act for this organization"),
        "{description}"
    );
    assert!(!printed(&error).contains("its secret"));
    assert!(local.requests_of("UpdateOrganizationDetails").is_empty());
}

#[tokio::test]
async fn token_is_for_another_api_then_the_call_is_rejected() {
    let local = Local::start(builder()).await;
    for audience in [local.audience(), local.management_audience()] {
        let source = local.credentials_for(audience);
        let source = source
            .organization(local.organization_id())
            .build()
            .unwrap();
        let client = local.my_organization_with(source).build().unwrap();
        let error = rename(&client, "Acme").await.unwrap_err();
        assert!(error.is_unauthorized(), "{audience}: {error:?}");
    }
}
