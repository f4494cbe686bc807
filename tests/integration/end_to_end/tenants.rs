//! Tenants in public and private clouds.

use super::*;
use crate::bodies::{private_cloud, public_cloud};

#[tokio::test]
async fn tenants_are_created_in_both_clouds_then_each_exists_and_returns_its_secret_once() {
    let local = Local::start(Sandbox::builder().private_cloud("acme-private", "tokyo")).await;
    let tenants = local.client.tenants();
    let admin = local.first_member();
    let public = public_cloud(&admin.email, "eu")
        .tenant_name("acme-shop")
        .environment_tag(EnvironmentTypeEnum::Production);
    let private = private_cloud(&admin.email, "acme-private").tenant_name("acme-bank");
    let public = tenants.create(public).await.unwrap();
    let private = tenants.create(private).await.unwrap();
    assert!(
        matches!(public, CreateTenantsResponseContent::PublicCloud(_)),
        "{public:?}"
    );
    assert!(
        matches!(private, CreateTenantsResponseContent::PrivateCloud(_)),
        "{private:?}"
    );

    for (created, name, locality, tag) in [
        (
            &public,
            "acme-shop",
            "eu",
            Some(EnvironmentTypeEnum::Production),
        ),
        (&private, "acme-bank", "tokyo", None),
    ] {
        let secret = created.management_client().client_secret.secret();
        assert_eq!(secret.len(), 64);
        let response = tenants
            .get(created.tenant_id().clone())
            .send()
            .await
            .unwrap();
        assert!(!String::from_utf8_lossy(response.body()).contains(secret));
        let found = response.into_value();
        assert_eq!((&*found.tenant_name, &*found.locality), (name, locality));
        assert_eq!(found.environment_tag, tag.map(Open::from));
        assert_eq!(
            (&found.domain, &found.created_at),
            (created.domain(), created.created_at())
        );

        let members = tenants
            .members()
            .list(created.tenant_id().clone())
            .await
            .unwrap()
            .members;
        assert_eq!(members.len(), 1);
        assert_eq!(members[0].id, admin.id);
        assert_eq!(members[0].roles, [Role::Owner]);
    }
    let environments = local
        .client
        .environments()
        .list()
        .await
        .unwrap()
        .environments;
    assert!(
        environments
            .iter()
            .any(|environment| environment == "acme-private")
    );
}

#[tokio::test]
async fn tenant_is_deleted_then_its_name_cannot_be_reused() {
    let local = team_of(2).await;
    let tenants = local.client.tenants();
    let payload = || public_cloud(&local.first_member().email, "us").tenant_name("acme-once");
    let created = tenants.create(payload()).await.unwrap();
    let error = tenants.create(payload()).await.unwrap_err();
    assert_eq!(rejection(&error), (409, "TENANT_ALREADY_EXISTS"));

    let tenant = id(created.tenant_id().clone());
    tenants.delete(tenant).await.unwrap();
    let error = tenants.get(tenant).await.unwrap_err();
    assert_eq!(rejection(&error), (404, "TENANT_NOT_FOUND"));
    assert!(!tenant_ids(&local.client).await.contains(&tenant));
    let error = tenants.create(payload()).await.unwrap_err();
    assert!(error.is_conflict() && !error.may_have_acted(), "{error:?}");
    assert_eq!(rejection(&error), (409, "TENANT_ALREADY_EXISTS"));
    assert_eq!(local.acted("createTenant"), 1);
}

#[tokio::test]
async fn rules_beyond_the_schemas_are_violated_then_the_error_names_them() {
    let local = Local::start(Sandbox::builder().tenants(2).tenant_limit(2)).await;
    let tenants = local.client.tenants();
    let create = |email: &str, locality: &str| tenants.create(public_cloud(email, locality));
    let admin = &local.first_member().email;
    for (call, expected) in [
        (create("nobody@example.com", "us"), (404, "ADMIN_NOT_FOUND")),
        (create(admin, "xx"), (404, "LOCALITY_NOT_FOUND")),
        (create(admin, "us"), (403, "TENANT_LIMIT_REACHED")),
    ] {
        let error = call.await.unwrap_err();
        assert_eq!(rejection(&error), expected);
        assert!(!error.may_have_acted(), "{error:?}");
    }
    assert_eq!(local.acted("createTenant"), 0);
}

#[tokio::test]
async fn tenants_are_listed_with_filters_then_only_matches_are_returned_in_the_requested_order() {
    let local = Local::start(Sandbox::builder().tenants(40)).await;
    let listing = || local.client.tenants().list().take(7);
    let all: Vec<_> = listing().stream().try_collect().await.unwrap();
    assert_eq!(all.len(), 40);
    let times: Vec<_> = all
        .iter()
        .map(|tenant| *tenant.created_at.known().unwrap())
        .collect();
    assert!(
        times.windows(2).all(|pair| pair[0] >= pair[1]),
        "the newest tenant is first"
    );

    let oldest: Vec<_> = listing()
        .sort("created_at:1")
        .stream()
        .try_collect()
        .await
        .unwrap();
    let names = |tenants: &[TenantItem]| {
        tenants
            .iter()
            .map(|tenant| tenant.tenant_name.clone())
            .collect::<Vec<_>>()
    };
    assert!(names(&oldest).iter().rev().eq(names(&all).iter()));
    let newest: Vec<_> = listing()
        .sort("created_at:-1")
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names(&newest), names(&all));

    let sample = all
        .iter()
        .find(|tenant| tenant.environment_tag.is_some())
        .unwrap();
    let tag = sample.environment_tag.clone().unwrap();
    for (listing, wanted) in [
        (
            listing().locality(&sample.locality),
            Box::new(|tenant: &&TenantItem| tenant.locality == sample.locality)
                as Box<dyn Fn(&&TenantItem) -> bool>,
        ),
        (
            listing().environment(&sample.environment),
            Box::new(|tenant: &&TenantItem| tenant.environment == sample.environment),
        ),
        (
            listing()
                .environment_tag(tag.clone())
                .locality(&sample.locality),
            Box::new(|tenant: &&TenantItem| {
                tenant.environment_tag.as_ref() == Some(&tag) && tenant.locality == sample.locality
            }),
        ),
    ] {
        let found: Vec<_> = listing.stream().try_collect().await.unwrap();
        let expected: Vec<_> = all.iter().filter(wanted).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < all.len());
        assert_eq!(names(&found), names(&expected));
    }
}
