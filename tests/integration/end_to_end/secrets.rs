//! Secrets of the two organization APIs must not appear in logs or in anything that is printed.

use std::fmt::Debug;

use auth0_management::types as of;
use auth0_my_organization::types as my;
use auth0_sandbox::{Effect, Fault, Sandbox};

use crate::sandbox::Local;
use crate::secrets::{log_everything, logged};
use crate::support::printed;

/// A secret that an administrator enters.
const CLIENT_SECRET: &str = "planted-secret-of-a-provider";

/// The printed values, and the secrets that must not be in them.
#[derive(Default)]
struct PrintedValues {
    texts: String,
    secrets: Vec<String>,
}

impl PrintedValues {
    fn value(&mut self, value: &dyn Debug) {
        self.texts.push_str(&format!("{value:?}\n{value:#?}\n"));
    }

    fn secret(&mut self, secret: &auth0_core::SecretString) {
        assert!(secret.secret().len() > 10, "too short to be looked for");
        self.secrets.push(secret.secret().to_owned());
    }
}

#[tokio::test]
async fn secrets_are_received_and_sent_then_they_are_readable_but_never_printed_or_logged() {
    log_everything();
    let local = Local::start(Sandbox::builder()).await;
    let mut printed_values = PrintedValues::default();
    printed_values.secrets.push(CLIENT_SECRET.to_owned());
    printed_values
        .secrets
        .push(local.client_secret().to_owned());
    administer(&local, &mut printed_values).await;
    operate(&local, &mut printed_values).await;

    let log = logged();
    for operation in ["CreateIdpProvisioningScimToken", "post_invitations"] {
        assert!(
            log.contains(operation),
            "the log does not mention {operation}"
        );
    }
    for secret in &printed_values.secrets {
        assert!(
            !printed_values.texts.contains(secret),
            "{secret} is printed"
        );
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(line, None, "the log holds {secret}");
    }
    assert_eq!(printed_values.secrets.len(), 7);
}

async fn administer(local: &Local, printed_values: &mut PrintedValues) {
    let client = local.my_organization();
    let org = client.organization();
    let providers = org.identity_providers();
    let options = || {
        my::IdpOktaOptionsRequest::new(my::IdpOktaOptionsRequestRequired {
            client_id: "c",
            client_secret: CLIENT_SECRET,
            domain: "okta.acme.test",
        })
    };
    let request = my::IdpOktaRequest::new(my::IdpOktaRequestRequired {
        name: "acme-login",
        options: options(),
    });
    let call = providers.create(request);
    printed_values.value(&call);
    let provider = call.send().await.unwrap();
    printed_values.value(&provider);
    let id = provider.value().id().unwrap().to_owned();
    let change = my::IdpOktaUpdateRequest::new().options(options());
    printed_values.value(&change);
    let updated = providers.update(&id, change).await.unwrap();
    printed_values.value(&updated);
    // An update for another strategy: the rejected request contains the secret, too.
    let options = my::IdpWaadOptionsRequest::new(my::IdpWaadOptionsRequestRequired {
        client_id: "c",
        client_secret: CLIENT_SECRET,
        tenant_domain: "acme.onmicrosoft.com",
    });
    let change = my::IdpWaadUpdateRequest::new().options(options);
    let error = providers.update(&id, change).await.unwrap_err();
    printed_values.texts.push_str(&printed(&error));
    printed_values.value(&error.problem());

    let provisioning = providers.provisioning();
    provisioning.create(&id).await.unwrap();
    let tokens = provisioning.scim_tokens();
    let request = || my::CreateIdpProvisioningScimTokenRequestContent::new();
    let created = tokens.create(&id, request()).send().await.unwrap();
    printed_values.secret(&created.value().token);
    printed_values.value(&created);
    // A truncated response: the error keeps the received part and does not print it.
    let broken = Fault::of("CreateIdpProvisioningScimToken");
    local.fail(broken.call(1).then(Effect::Truncate)).unwrap();
    let error = tokens.create(&id, request()).await.unwrap_err();
    assert!(error.has_acted(), "{error:?}");
    printed_values.texts.push_str(&printed(&error));

    let invitee = my::CreateMemberInvitationInvitee::with_email("jo@acme.test");
    let request = my::CreateMemberInvitationRequestContent::with_invitees([invitee]);
    let created = org.invitations().create(request).await.unwrap();
    printed_values.secret(created[0].invitation_url.as_ref().unwrap());
    printed_values.secret(created[0].ticket_id.as_ref().unwrap());
    printed_values.value(&created);
    let list = org.invitations().list().await.unwrap();
    printed_values.value(&list);
}

async fn operate(local: &Local, printed_values: &mut PrintedValues) {
    let client = local.organizations();
    let invitations = client.organizations().invitations();
    let id = local.organization_id();
    let invitee = of::OrganizationInvitationInvitee::with_email("kay@acme.test");
    let inviter = of::OrganizationInvitationInviter::with_name("Ada");
    let request = of::CreateOrganizationInvitationRequestContent::new(
        of::CreateOrganizationInvitationRequestContentRequired {
            client_id: local.client_id(),
            invitee,
            inviter,
        },
    );
    let created = invitations.create(id, request).send().await.unwrap();
    printed_values.secret(created.value().invitation_url.as_ref().unwrap());
    printed_values.secret(created.value().ticket_id.as_ref().unwrap());
    printed_values.value(&created);
    let list = invitations.list(id).await.unwrap();
    printed_values.value(&list);
    printed_values.value(&client);
}
