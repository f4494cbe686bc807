//! An invitation link or ticket lets its holder accept the invitation, so neither is printed.

use auth0_management::types::*;
use serde_json::{Value, json};

use super::tenant;
use crate::support::*;

const URL: &str = "https://acme.example/login?invitation=planted";
const TICKET: &str = "planted-ticket";

fn invitation() -> Value {
    json!({"id": "uinv_1", "invitation_url": URL, "ticket_id": TICKET, "client_id": "client"})
}

fn request() -> CreateOrganizationInvitationRequestContent {
    CreateOrganizationInvitationRequestContent::new(
        CreateOrganizationInvitationRequestContentRequired {
            client_id: "client",
            invitee: OrganizationInvitationInvitee::with_email("ann@example.com"),
            inviter: OrganizationInvitationInviter::with_name("Bob"),
        },
    )
}

#[tokio::test]
async fn invitation_is_printed_then_its_secrets_are_redacted_and_readable() {
    let server = mock_server_json(200, invitation()).await;
    let invitations = tenant(&server).organizations().invitations();
    let created = invitations.create("org_1", request()).send().await.unwrap();
    let text = format!("{created:?} {created:#?} {:?}", created.value());
    assert!(!text.contains("planted"), "{text}");
    assert!(text.contains("uinv_1"), "{text}");
    let url = created.value().invitation_url.as_ref().unwrap();
    let ticket = created.value().ticket_id.as_ref().unwrap();
    assert_eq!((url.secret(), ticket.secret()), (URL, TICKET));

    let invitation_read = invitations.get("org_1", "uinv_1").await.unwrap();
    let text = format!("{invitation_read:?}");
    assert!(!text.contains("planted"), "{text}");
    assert_eq!(invitation_read.invitation_url.unwrap().secret(), URL);

    let server = mock_server_json(200, json!([invitation()])).await;
    let invitations = tenant(&server).organizations().invitations();
    let page = invitations.list("org_1").await.unwrap();
    let text = format!("{page:?}");
    assert!(!text.contains("planted"), "{text}");
    assert_eq!(
        page.invitations[0].ticket_id.as_ref().unwrap().secret(),
        TICKET
    );
}

#[tokio::test]
async fn invitation_does_not_decode_then_the_error_keeps_it_and_does_not_print_it() {
    let server = mock_server_json(200, json!([invitation()])).await;
    let invitations = tenant(&server).organizations().invitations();
    let error = invitations.create("org_1", request()).await.unwrap_err();
    assert!(error.is_undecodable() && error.has_acted());
    let text = printed(&error);
    assert!(!text.contains("planted"), "{text}");
    let body: Value = serde_json::from_slice(error.body().unwrap()).unwrap();
    assert_eq!(body[0]["invitation_url"], URL);
}
