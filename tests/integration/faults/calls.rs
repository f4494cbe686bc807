//! The calls that faults befall, and the sandboxes in which they are made.

use auth0_core::Items;
use auth0_sandbox::Sandbox;
use auth0_teams::types::{
    PublicCloudPayload, PublicCloudPayloadRequired, TenantMemberRoleEnum as Role, *,
};
use auth0_teams::uuid::Uuid;
use auth0_teams::{Client, Error, RetryPolicy};

use super::rows::Row;
use crate::sandbox::Local;

/// More than any answer here has, and less than the sandbox puts into one piece of an endless one.
pub(super) const MAX_RESPONSE_BYTES: usize = 8 * 1024;

/// A call of each class of retry safety; of those that may act twice also one with a partial outcome. Listings, which
/// are safe, are asked for three pages: one by checkpoints, and one whose pages are counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Class {
    Safe,
    Idempotent,
    Unsafe,
    Bulk,
    Listing,
    Counted,
}

pub(super) const CALLS: [Class; 4] = [Class::Safe, Class::Idempotent, Class::Unsafe, Class::Bulk];

impl Class {
    pub(super) fn operation(self) -> &'static str {
        match self {
            Self::Safe => "getMember",
            Self::Idempotent => "deleteTenant",
            Self::Unsafe => "createTenant",
            Self::Bulk => "addMemberTenants",
            Self::Listing => "listMembers",
            Self::Counted => "get_organization_members",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Idempotent => "idempotent",
            Self::Unsafe => "unsafe",
            Self::Bulk => "bulk",
            Self::Listing => "listing",
            Self::Counted => "counted listing",
        }
    }

    pub(super) fn may_act_twice(self) -> bool {
        matches!(self, Self::Unsafe | Self::Bulk)
    }

    pub(super) fn reads(self) -> bool {
        matches!(self, Self::Safe) || self.is_listing()
    }

    pub(super) fn is_listing(self) -> bool {
        matches!(self, Self::Listing | Self::Counted)
    }
}

/// What a call gives.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) attempts: usize,
    /// What is not as usual.
    pub(super) remark: &'static str,
    /// That of the new tenant.
    pub(super) secret: Option<String>,
}

/// A sandbox with what a call needs.
pub(super) struct Scene {
    pub(super) local: Local,
    client: Client,
    tenants: Vec<Uuid>,
    member: String,
}

impl Scene {
    pub(super) async fn set(row: &Row, class: Class) -> Self {
        let builder = Sandbox::builder()
            .tenants(2)
            .activity(0)
            .organization_members(25)
            .clock_offset_seconds(row.clock_offset_seconds);
        let local = Local::start(builder).await;
        // A token is had, and an API took it.
        let page = local.client.tenants().list().await.unwrap();
        let tenants = page.tenants.into_iter();
        let tenants = tenants.map(|tenant| tenant.tenant_id.into_known().unwrap());
        let client = local
            .builder()
            .retry(RetryPolicy::default())
            .timeout(row.timeout)
            .max_response_bytes(MAX_RESPONSE_BYTES)
            .build()
            .unwrap();
        let scene = Self {
            tenants: tenants.collect(),
            member: local.first_member().id.clone(),
            client,
            local,
        };
        if class == Class::Bulk {
            let removed = DeleteMembersTenantsRequestContent::with_tenants([scene.tenants[0]]);
            let members = scene.local.client.members();
            let removal = members.tenants().remove(&scene.member, removed).await;
            assert!(removal.unwrap().is_complete());
        }
        scene.local.forget_requests();
        scene
    }

    pub(super) async fn call(&self, class: Class) -> Result<Done, Error> {
        let client = &self.client;
        match class {
            Class::Safe => client
                .members()
                .get(&self.member)
                .send()
                .await
                .map(|answer| done(answer.attempts(), "")),
            Class::Idempotent => {
                let call = client.tenants().delete(self.tenants[0]);
                call.send().await.map(|answer| done(answer.attempts(), ""))
            }
            Class::Unsafe => {
                // Without a name nothing but the client keeps a second one from being created.
                let email = &self.local.first_member().email;
                let call =
                    client
                        .tenants()
                        .create(PublicCloudPayload::new(PublicCloudPayloadRequired {
                            admin_email: email,
                            locality: "us",
                        }));
                let answer = call.send().await?;
                let management_client = answer.value().management_client();
                Ok(Done {
                    secret: Some(management_client.client_secret.secret().to_owned()),
                    ..done(answer.attempts(), "")
                })
            }
            Class::Bulk => {
                // One that is there already, and one that is not.
                let body = CreateMembersTenantsRequestContent::new(
                    CreateMembersTenantsRequestContentRequired {
                        roles: [Role::ViewerUsers],
                        tenants: self.tenants.clone(),
                    },
                );
                let call = client.members().tenants().create(&self.member, body);
                let answer = call.send().await?;
                let usual = answer.value().failures().len() == 1;
                Ok(done(
                    answer.attempts(),
                    if usual { "" } else { ", nothing failed" },
                ))
            }
            Class::Listing => {
                let (read, result) = read(client.members().list().page_size(10).stream()).await;
                // Every item, or those of the pages before the one that failed.
                let whole = if result.is_ok() {
                    read == 25
                } else {
                    read % 10 == 0
                };
                assert!(whole, "{read} items");
                result
            }
            Class::Counted => {
                let organizations = self.local.organizations().organizations();
                let members = organizations.members().list(self.local.organization_id());
                let (read, result) = read(members.page(0).page_size(10).stream()).await;
                assert_eq!(read, 25);
                result
            }
        }
    }
}

/// How many items come, and what becomes of the listing.
async fn read<T>(mut items: Items<T>) -> (usize, Result<Done, Error>) {
    let mut read = 0;
    loop {
        match items.try_next().await {
            Ok(Some(_)) => read += 1,
            Ok(None) => return (read, Ok(done(0, ""))),
            Err(error) => return (read, Err(error)),
        }
    }
}

pub(super) fn done(attempts: u32, remark: &'static str) -> Done {
    Done {
        attempts: attempts as usize,
        remark,
        secret: None,
    }
}
