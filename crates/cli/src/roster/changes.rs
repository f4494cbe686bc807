//! A plan for people: one change per person and tenant.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{Plan, Step};
use crate::output::printable;
use crate::team::{Access, TeamState};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Addition,
    Change,
    Removal,
}

/// A change for one person, on one tenant or in the team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    pub(crate) email: String,
    /// Name of the tenant, or `None` for the team.
    pub(crate) tenant: Option<String>,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Addition => "add",
            Self::Change => "change",
            Self::Removal => "remove",
        }
    }

    fn sign(self) -> char {
        match self {
            Self::Addition => '+',
            Self::Change => '~',
            Self::Removal => '-',
        }
    }

    fn style(self) -> Style {
        let color = match self {
            Self::Addition => AnsiColor::Green,
            Self::Change => AnsiColor::Yellow,
            Self::Removal => AnsiColor::Red,
        };
        Style::new().fg_color(Some(color.into()))
    }
}

impl Change {
    /// The changes of a plan, by person.
    pub(crate) fn of_plan(plan: &Plan, state: &TeamState) -> Vec<Self> {
        let mut changes: Vec<Self> = Vec::new();
        for step in &plan.steps {
            changes.extend(Self::of_step(step, state));
        }
        changes.sort_by(|a, b| {
            let key = |change: &Self| (change.email.to_lowercase(), change.tenant.clone());
            key(a).cmp(&key(b))
        });
        changes
    }

    fn of_step(step: &Step, state: &TeamState) -> Vec<Self> {
        let email = step.email().to_owned();
        let in_team = |kind, before: Option<&String>, after: Option<&String>| Self {
            kind,
            email: email.clone(),
            tenant: None,
            before: before.cloned(),
            after: after.cloned(),
        };
        let on_tenants = |kind, before: &dyn Fn(&str) -> Option<String>, after: Option<String>| {
            step.tenants()
                .into_iter()
                .map(|id| Self {
                    kind,
                    email: email.clone(),
                    before: before(&id),
                    tenant: Some(state.tenant_name(&id).to_owned()),
                    after: after.clone(),
                })
                .collect::<Vec<_>>()
        };
        match step {
            Step::Invite { role, access, .. } => {
                let mut changes = vec![in_team(Kind::Addition, None, Some(role))];
                changes.extend(on_tenants(
                    Kind::Addition,
                    &|_| None,
                    Some(describe(access)),
                ));
                changes
            }
            Step::Role { from, to, .. } => vec![in_team(Kind::Change, Some(from), Some(to))],
            Step::Remove { role, .. } => vec![in_team(Kind::Removal, Some(role), None)],
            Step::Grant { access, .. } => {
                on_tenants(Kind::Addition, &|_| None, Some(describe(access)))
            }
            Step::Change { from, access, .. } => {
                let before = |id: &str| from.get(id).map(describe);
                on_tenants(Kind::Change, &before, Some(describe(access)))
            }
            Step::Revoke { from, .. } => {
                let before = |id: &str| from.get(id).map(describe);
                on_tenants(Kind::Removal, &before, None)
            }
        }
    }

    /// What changes, without the person.
    fn text(&self) -> String {
        let place = self.tenant.as_deref().unwrap_or("team");
        let text = match (&self.before, &self.after) {
            (Some(before), Some(after)) => format!("{place}: {before} → {after}"),
            (None, Some(after)) => format!("{place}: {after}"),
            (Some(before), None) => format!("{place}: {before}"),
            (None, None) => place.to_owned(),
        };
        printable(&text)
    }
}

/// The roles of an access, with its applications.
pub(crate) fn describe(access: &Access) -> String {
    let roles: Vec<&str> = access.roles.iter().map(String::as_str).collect();
    let mut text = roles.join(", ");
    if !access.client_ids.is_empty() {
        let ids: Vec<&str> = access.client_ids.iter().map(String::as_str).collect();
        let _ = write!(text, " ({})", ids.join(", "));
    }
    text
}

/// The changes as text with colors.
pub(crate) fn text(changes: &[Change]) -> String {
    let mut text = String::new();
    let mut person = None;
    for change in changes {
        if person != Some(&change.email) {
            let _ = writeln!(text, "{}", printable(&change.email));
            person = Some(&change.email);
        }
        let style = change.kind.style();
        let _ = writeln!(
            text,
            "  {style}{} {}{style:#}",
            change.kind.sign(),
            change.text()
        );
    }
    text
}

/// The changes as Markdown.
pub(crate) fn markdown(changes: &[Change]) -> String {
    let cell = |text: Option<&str>| crate::output::markdown(text.unwrap_or_default());
    let mut text =
        String::from("| person | | where | before | after |\n| --- | --- | --- | --- | --- |\n");
    for change in changes {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            cell(Some(&change.email)),
            change.kind.name(),
            cell(Some(change.tenant.as_deref().unwrap_or("team"))),
            cell(change.before.as_deref()),
            cell(change.after.as_deref()),
        );
    }
    text
}

/// How many changes of each kind there are.
pub(crate) fn summary(changes: &[Change], plan: &Plan) -> String {
    let count = |kind| changes.iter().filter(|change| change.kind == kind).count();
    let calls = match plan.steps.len() {
        1 => "1 call".to_owned(),
        number => format!("{number} calls"),
    };
    format!(
        "{} to add, {} to change, {} to remove, in {calls}",
        count(Kind::Addition),
        count(Kind::Change),
        count(Kind::Removal),
    )
}
