//! Creation of invitations.

use super::views::{CONNECTIONS, INVITATIONS, ORGANIZATIONS};
use crate::problem::Problem;
use crate::resources::{Context, Outcome};
use crate::response::ok;

pub(super) fn invite(context: &mut Context<'_>) -> Outcome {
    let organization = context.number(&ORGANIZATIONS)?;
    let body = &context.call.body;
    if let Some(id) = body["connection_id"].as_str() {
        let rule = "the organization has no such connection";
        let unknown = |_| Problem::body_field("/connection_id", rule);
        context.number_of(&CONNECTIONS, id).map_err(unknown)?;
    }
    let unknown = Problem::body_field("/roles", "no role has this id");
    let roles = context.known_roles(&body["roles"], unknown)?;
    let mut fields = context.body();
    if roles.is_empty() {
        fields.remove("roles");
    }
    let (lifetime, now) = (body["ttl_sec"].as_i64(), context.call.now);
    let invitation = context.tenant.invite(organization, fields, lifetime, now);
    let invitation = invitation.ok_or_else(|| ORGANIZATIONS.missing())?;
    // Documented as 200, not 201.
    ok(&context.show(&INVITATIONS, &invitation))
}
