//! `member invite --file`: invitations from a CSV file, recorded so that nobody is invited twice.

use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::member::invitation;
use crate::context::Context;
use crate::failure::{Exit, Failure, chain};
use crate::files;
use crate::lookup;
use crate::roster::InvitationStatus;
use crate::team;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    email: String,
    role: String,
    #[serde(default)]
    tenants: String,
    #[serde(default)]
    tenant_roles: String,
}

/// Invites the people of a file who are neither members nor recorded as invited.
pub(crate) async fn invite_all(context: &Context, path: &Path) -> Result<Exit, Failure> {
    let people = read(path)?;
    // Detect missing tenants before anything is changed.
    let mut requests = Vec::new();
    for person in &people {
        let names: Vec<String> = words(&person.tenants);
        let tenants = lookup::tenants(&context.client, &names).await?;
        let ids: Vec<String> = tenants
            .iter()
            .map(|tenant| tenant.tenant_id.to_string())
            .collect();
        let roles = words(&person.tenant_roles);
        requests.push(invitation(&person.email, &person.role, &ids, &roles));
    }
    let members = team::members(&context.client).await?;
    let mut invitations = context.invitations()?;
    invitations.record_members(
        members
            .iter()
            .map(|member| member.email.text().into_owned()),
    )?;
    context.stop.finish_calls();
    let progress = context.console.progress(people.len() as u64, "inviting");
    let mut rows = context.console.rows(&["email", "result", "detail"])?;
    // Printed at the end: a reader that stops must not stop the calls.
    let mut results = Vec::new();
    let (mut succeeded, mut failed) = (0, 0);
    for (person, request) in people.iter().zip(requests) {
        progress.inc(1);
        let email = &person.email;
        let is_member = members
            .iter()
            .any(|member| member.email.eq_ignore_ascii_case(email));
        let (result, detail, is_ok) = match invitations.status(email) {
            _ if is_member => ("member", "is a member already".to_owned(), true),
            Some(InvitationStatus::Invited) => ("invited", "by an earlier run".to_owned(), true),
            Some(InvitationStatus::Started) => ("unknown", unknown(email), false),
            _ if context.stop.is_requested() => (
                "skipped",
                "stopped; run the command again".to_owned(),
                false,
            ),
            Some(InvitationStatus::Rejected | InvitationStatus::Joined) | None => {
                match invitations.send(&context.client, email, request).await? {
                    Ok(invited) => ("invited", invited.id.text().into_owned(), true),
                    Err(error) if error.may_have_acted() => (
                        "unknown",
                        format!("{}; {}", chain(&error), unknown(email)),
                        false,
                    ),
                    Err(error) => ("failed", chain(&error), false),
                }
            }
        };
        if is_ok {
            succeeded += 1
        } else {
            failed += 1
        }
        results.push([json!(email), json!(result), json!(detail)]);
    }
    progress.finish_and_clear();
    results
        .into_iter()
        .try_for_each(|cells| rows.write(cells))?;
    rows.finish()?;
    Ok(match (succeeded, failed) {
        (_, 0) => Exit::Success,
        (0, _) => Exit::Failure,
        _ => Exit::Partial,
    })
}

fn unknown(email: &str) -> String {
    format!(
        "the person may have been invited: ask them; `member invite {email}` invites them again"
    )
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn read(path: &Path) -> Result<Vec<Person>, Failure> {
    let text = files::read(path)?;
    let invalid = |line: usize, reason: String| {
        Failure::usage(format!("{}:{line}: {reason}", path.display()))
    };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut people: Vec<Person> = Vec::new();
    for (index, person) in reader.deserialize::<Person>().enumerate() {
        let line = index + 2;
        let person = person.map_err(|error| invalid(line, error.to_string()))?;
        if !person.email.contains('@') {
            let found = &person.email;
            return Err(invalid(
                line,
                format!("expected an e-mail address, found `{found}`"),
            ));
        }
        if person.tenants.is_empty() != person.tenant_roles.is_empty() {
            let reason = "expected tenants and tenant_roles together, found one of them";
            return Err(invalid(line, reason.to_owned()));
        }
        let is_repeated = |other: &Person| other.email.eq_ignore_ascii_case(&person.email);
        if let Some(first) = people.iter().position(is_repeated) {
            let reason = format!(
                "expected each person once, found {} in line {} too",
                person.email,
                first + 2
            );
            return Err(invalid(line, reason));
        }
        people.push(person);
    }
    Ok(people)
}
