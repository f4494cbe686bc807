//! The calls that the faults are injected into, and the sandboxes that they run against.

use auth0_core::Items;
use auth0_sandbox::Sandbox;
use auth0_teams::types::{TenantMemberRoleEnum as Role, *};
use auth0_teams::uuid::Uuid;
use auth0_teams::{Client, Error, RetryPolicy};

use super::cases::FaultCase;
use crate::bodies::{new_access, public_cloud};
use crate::sandbox::Local;

/// Larger than any response of these calls, and smaller than one chunk of an endless response of the sandbox.
pub(super) const MAX_RESPONSE_BYTES: usize = 8 * 1024;

/// A call of each retry class. `Bulk` is not idempotent either and has a partial outcome. The two listings read three
/// pages: one with checkpoint paging, one with offset paging.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum CallKind {
    Safe,
    Idempotent,
    Unsafe,
    Bulk,
    CheckpointListing,
    OffsetListing,
}

pub(super) const CALLS: [CallKind; 4] = [
    CallKind::Safe,
    CallKind::Idempotent,
    CallKind::Unsafe,
    CallKind::Bulk,
];

impl CallKind {
    pub(super) fn operation(self) -> &'static str {
        match self {
            Self::Safe => "getMember",
            Self::Idempotent => "deleteTenant",
            Self::Unsafe => "createTenant",
            Self::Bulk => "addMemberTenants",
            Self::CheckpointListing => "listMembers",
            Self::OffsetListing => "get_organization_members",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Idempotent => "idempotent",
            Self::Unsafe => "unsafe",
            Self::Bulk => "bulk",
            Self::CheckpointListing => "listing",
            Self::OffsetListing => "offset listing",
        }
    }

    pub(super) fn may_act_twice(self) -> bool {
        matches!(self, Self::Unsafe | Self::Bulk)
    }

    pub(super) fn reads(self) -> bool {
        matches!(self, Self::Safe) || self.is_listing()
    }

    pub(super) fn is_listing(self) -> bool {
        matches!(self, Self::CheckpointListing | Self::OffsetListing)
    }
}

/// The value of a successful call.
#[derive(Debug)]
pub(super) struct CallSuccess {
    pub(super) attempts: usize,
    /// How the value differs from the usual one.
    pub(super) remark: &'static str,
    /// The client secret of the created tenant.
    pub(super) secret: Option<String>,
}

/// A sandbox, a client, and the resources that the call needs.
pub(super) struct CallSetup {
    pub(super) local: Local,
    client: Client,
    tenants: Vec<Uuid>,
    member: String,
}

impl CallSetup {
    pub(super) async fn start(case: &FaultCase, kind: CallKind) -> Self {
        let builder = Sandbox::builder()
            .tenants(2)
            .activity(0)
            .organization_members(25)
            .clock_offset_seconds(case.clock_offset_seconds);
        let local = Local::start(builder).await;
        // Obtains a token that the API has accepted before the fault is injected.
        let page = local.client.tenants().list().await.unwrap();
        let tenants = page.tenants.into_iter();
        let tenants = tenants.map(|tenant| tenant.tenant_id.into_known().unwrap());
        let client = local
            .builder()
            .retry(RetryPolicy::default())
            .timeout(case.timeout)
            .max_response_bytes(MAX_RESPONSE_BYTES)
            .build()
            .unwrap();
        let setup = Self {
            tenants: tenants.collect(),
            member: local.first_member().id.clone(),
            client,
            local,
        };
        if kind == CallKind::Bulk {
            let removed = DeleteMembersTenantsRequestContent::with_tenants([setup.tenants[0]]);
            let members = setup.local.client.members();
            let removal = members.tenants().remove(&setup.member, removed).await;
            assert!(removal.unwrap().is_complete());
        }
        setup.local.forget_requests();
        setup
    }

    pub(super) async fn call(&self, kind: CallKind) -> Result<CallSuccess, Error> {
        let client = &self.client;
        match kind {
            CallKind::Safe => client
                .members()
                .get(&self.member)
                .send()
                .await
                .map(|response| success(response.attempts(), "")),
            CallKind::Idempotent => {
                let call = client.tenants().delete(self.tenants[0]);
                call.send()
                    .await
                    .map(|response| success(response.attempts(), ""))
            }
            CallKind::Unsafe => {
                // Without a name, only the client prevents a retry from creating a second tenant.
                let email = &self.local.first_member().email;
                let call = client.tenants().create(public_cloud(email, "us"));
                let response = call.send().await?;
                let management_client = response.value().management_client();
                Ok(CallSuccess {
                    secret: Some(management_client.client_secret.secret().to_owned()),
                    ..success(response.attempts(), "")
                })
            }
            CallKind::Bulk => {
                // The member has access to one of the tenants, and not to the other.
                let body = new_access([Role::ViewerUsers], self.tenants.clone());
                let call = client.members().tenants().create(&self.member, body);
                let response = call.send().await?;
                let usual = response.value().failures().len() == 1;
                Ok(success(
                    response.attempts(),
                    if usual { "" } else { ", nothing failed" },
                ))
            }
            CallKind::CheckpointListing => {
                let (read, result) = read(client.members().list().page_size(10).stream()).await;
                // Either all items, or the items of all pages before the failed one.
                let whole = if result.is_ok() {
                    read == 25
                } else {
                    read % 10 == 0
                };
                assert!(whole, "{read} items");
                result
            }
            CallKind::OffsetListing => {
                let organizations = self.local.organizations().organizations();
                let members = organizations.members().list(self.local.organization_id());
                let (read, result) = read(members.page(0).page_size(10).stream()).await;
                assert_eq!(read, 25);
                result
            }
        }
    }
}

/// The number of items that were read, and how the listing ended.
async fn read<T>(mut items: Items<T>) -> (usize, Result<CallSuccess, Error>) {
    let mut read = 0;
    loop {
        match items.try_next().await {
            Ok(Some(_)) => read += 1,
            Ok(None) => return (read, Ok(success(0, ""))),
            Err(error) => return (read, Err(error)),
        }
    }
}

pub(super) fn success(attempts: u32, remark: &'static str) -> CallSuccess {
    CallSuccess {
        attempts: attempts as usize,
        remark,
        secret: None,
    }
}
