//! A model test of planner, guards and apply: random rosters and states, in memory and on a sandbox with injected faults.

use std::collections::{BTreeMap, BTreeSet};

use auth0_auth::ClientCredentials;
use auth0_sandbox::{Effect, Fault, Hint, Sandbox};
use auth0_teams::{Client, RetryPolicy};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::guards::owners;
use super::*;
use crate::failure::{Exit, Failure};
use crate::stop::Stop;
use crate::team::{Access, Member, OWNER, TeamState, Tenant};

const ROLES: [&str; 4] = [
    OWNER,
    "teams_contributor",
    "teams_report_viewer",
    "teams_future_role",
];
const TENANT_ROLES: [&str; 4] = ["owner", "editor-users", "viewer-users", "future-role"];
const PEOPLE: usize = 8;
const TENANTS: usize = 14;

fn access() -> impl Strategy<Value = Access> {
    let roles = btree_set(0..TENANT_ROLES.len(), 1..3);
    (roles, prop::bool::weighted(0.1)).prop_map(|(roles, has_apps)| {
        let mut access = Access {
            roles: roles
                .into_iter()
                .map(|role| TENANT_ROLES[role].to_owned())
                .collect(),
            client_ids: BTreeSet::new(),
        };
        if has_apps {
            access.roles.insert("editor-specific-apps".to_owned());
            access.client_ids.insert("application-1".to_owned());
        }
        access
    })
}

/// Access by number of the tenant. Few different ones, so that calls have several tenants.
fn access_map() -> impl Strategy<Value = BTreeMap<usize, Access>> {
    (
        vec(access(), 1..3),
        btree_map(0..TENANTS, any::<prop::sample::Index>(), 0..TENANTS),
    )
        .prop_map(|(accesses, tenants)| {
            let tenants = tenants.into_iter();
            tenants
                .map(|(id, index)| (id, accesses[index.index(accesses.len())].clone()))
                .collect()
        })
}

type Person = (usize, BTreeMap<usize, Access>);

/// Role and access by number of the person. The first two are owners.
fn people() -> impl Strategy<Value = BTreeMap<usize, Person>> {
    btree_map(0..PEOPLE, (0..ROLES.len(), access_map()), 0..PEOPLE).prop_map(|mut people| {
        for owner in 0..2 {
            people.entry(owner).or_default().0 = 0;
        }
        people
    })
}

fn email(number: usize) -> String {
    format!("person-{number}@example.com")
}

fn tenants() -> Vec<Tenant> {
    let tenant = |number| Tenant {
        id: format!("tenant-{number:02}"),
        name: format!("acme-{number}"),
        domain: format!("acme-{number}.us.auth0.com"),
        environment: "US-1".to_owned(),
        tag: None,
    };
    (0..TENANTS).map(tenant).collect()
}

fn state_of(people: &BTreeMap<usize, Person>, tenants: &[Tenant]) -> TeamState {
    let members = people.iter().map(|(number, (role, access))| Member {
        id: format!("auth0|{number}"),
        email: email(*number),
        role: ROLES[*role].to_owned(),
        access: access
            .iter()
            .map(|(id, access)| (tenants[*id].id.clone(), access.clone()))
            .collect(),
    });
    TeamState {
        members: members.collect(),
        tenants: tenants.to_vec(),
    }
}

fn desired_of(state: &TeamState) -> Desired {
    let roster = pull("acme", state);
    Desired::resolve(&roster, state).unwrap()
}

fn guards() -> Guards {
    Guards {
        min_owners: 2,
        max_removals: MaxRemovals::Percent(100),
        allow_owner: true,
        allow_self: false,
        own_identities: Vec::new(),
    }
}

/// The members by address, without ids.
fn shape(state: &TeamState) -> BTreeMap<String, (String, BTreeMap<String, Access>)> {
    let members = state.members.iter();
    members
        .map(|member| {
            (
                member.email.clone(),
                (member.role.clone(), member.access.clone()),
            )
        })
        .collect()
}

/// Applies steps in memory. Checks the number of owners after each, and the preconditions.
fn act(state: &mut TeamState, plan: &Plan, invited: &mut BTreeMap<String, Step>) {
    let least = owners(state).min(2);
    for step in &plan.steps {
        assert!(step.tenants().len() <= 10, "{step:?}");
        let left = step.remaining(state);
        let whole = step::Remaining::Step {
            step: step.clone(),
            conflicts: BTreeMap::new(),
        };
        assert_eq!(left, whole);
        step.act_on(state);
        if let Step::Invite { email, .. } = step {
            assert!(
                invited.insert(email.clone(), step.clone()).is_none(),
                "invited twice"
            );
        }
        assert!(owners(state) >= least, "{step:?}");
    }
}

/// The people accept their invitations.
fn join(state: &mut TeamState, invited: BTreeMap<String, Step>) {
    for (number, (email, step)) in invited.into_iter().enumerate() {
        let Step::Invite {
            role,
            tenants,
            access,
            ..
        } = step
        else {
            continue;
        };
        state.members.push(Member {
            id: format!("joined|{number}"),
            email,
            role,
            access: tenants.into_iter().map(|id| (id, access.clone())).collect(),
        });
    }
}

/// The number of cases: `PROPTEST_CASES` or this.
fn config(cases: u32) -> Config {
    let variable = std::env::var("PROPTEST_CASES").ok();
    Config {
        cases: variable
            .and_then(|cases| cases.parse().ok())
            .unwrap_or(cases),
        failure_persistence: None,
        ..Config::default()
    }
}

#[test]
fn plan_reaches_the_roster_and_a_second_plan_is_empty() {
    let mut runner = TestRunner::new(config(2_000));
    let cases = (people(), people());
    let result = runner.run(&cases, |(before, wanted)| {
        let tenants = tenants();
        let mut state = state_of(&before, &tenants);
        let goal = state_of(&wanted, &tenants);
        let desired = desired_of(&goal);
        let mut invited = BTreeMap::new();
        let plan = Plan::new(&state, &desired, &BTreeSet::new());
        prop_assert!(guards().violations(&state, &plan).is_empty());
        act(&mut state, &plan, &mut invited);
        let pending = invited.keys().cloned().collect();
        prop_assert!(Plan::new(&state, &desired, &pending).is_empty());
        join(&mut state, invited);
        // What an invitation could not contain follows now.
        let plan = Plan::new(&state, &desired, &BTreeSet::new());
        act(&mut state, &plan, &mut BTreeMap::new());
        prop_assert_eq!(shape(&state), shape(&goal));
        prop_assert!(Plan::new(&state, &desired, &BTreeSet::new()).is_empty());
        Ok(())
    });
    result.unwrap();
}

#[test]
fn accepted_plans_keep_to_the_guards() {
    let mut runner = TestRunner::new(config(2_000));
    let cases = (
        people(),
        btree_map(0..PEOPLE, (0..ROLES.len(), access_map()), 0..PEOPLE),
        0..50_usize,
    );
    let result = runner.run(&cases, |(before, wanted, percent)| {
        let tenants = tenants();
        let state = state_of(&before, &tenants);
        let desired = desired_of(&state_of(&wanted, &tenants));
        let plan = Plan::new(&state, &desired, &BTreeSet::new());
        let guards = Guards {
            max_removals: MaxRemovals::Percent(percent),
            allow_owner: false,
            own_identities: vec![email(3)],
            ..guards()
        };
        if !guards.violations(&state, &plan).is_empty() {
            return Ok(());
        }
        let mut after = state.clone();
        act(&mut after, &plan, &mut BTreeMap::new());
        let is_owner =
            |state: &TeamState, email: &str| state.member(email).is_some_and(|m| m.role == OWNER);
        prop_assert!(owners(&after) >= 2);
        let removed = state
            .members
            .iter()
            .filter(|m| after.member(&m.email).is_none())
            .count();
        prop_assert!(removed <= (state.members.len() * percent / 100).max(1));
        for member in &after.members {
            prop_assert!(!is_owner(&after, &member.email) || is_owner(&state, &member.email));
        }
        prop_assert_eq!(
            state.member(&email(3)).is_some(),
            after.member(&email(3)).is_some()
        );
        Ok(())
    });
    result.unwrap();
}

#[test]
fn no_percentage_allows_no_removal_and_any_other_at_least_one() {
    let people = (0..3)
        .map(|number| (number, (0, BTreeMap::new())))
        .collect();
    let state = state_of(&people, &[]);
    let mut desired = desired_of(&state);
    desired.members.pop();
    let plan = Plan::new(&state, &desired, &BTreeSet::new());
    for (percent, is_allowed) in [(0, false), (1, true)] {
        let guards = Guards {
            max_removals: MaxRemovals::Percent(percent),
            ..guards()
        };
        let violations = guards.violations(&state, &plan);
        assert_eq!(violations.is_empty(), is_allowed, "{violations:?}");
    }
}

#[test]
fn removed_member_has_ignored_access_then_it_is_a_violation() {
    let access = BTreeMap::from([(0, Access::default()), (1, Access::default())]);
    let people = BTreeMap::from([(0, (0, access))]);
    let state = state_of(&people, &tenants());
    let plan = Plan::new(&state, &Desired::default(), &BTreeSet::new());
    let ignored = |id: &str| BTreeSet::from([id.to_owned()]);
    assert_eq!(
        Guards::ignored_access(&state, &plan, &ignored("tenant-01")),
        [
            "the removal of person-0@example.com would also end their access to ignored tenants: acme-1 \
             (--ignore-member person-0@example.com)"
        ]
    );
    let other = Guards::ignored_access(&state, &plan, &ignored("tenant-02"));
    assert!(other.is_empty(), "{other:?}");
}

#[test]
fn ignored_members_and_tenants_stay_as_they_are() {
    let mut runner = TestRunner::new(config(500));
    let result = runner.run(&(people(), people()), |(before, wanted)| {
        let tenants = tenants();
        let state = state_of(&before, &tenants);
        let goal = state_of(&wanted, &tenants);
        let mut roster = pull("acme", &goal);
        roster.ignore.members = vec!["Person-[01]@*".to_owned()];
        roster.ignore.tenants = vec!["acme-1?".to_owned(), "acme-3".to_owned()];
        let desired = Desired::resolve(&roster, &state).unwrap();
        let plan = Plan::new(&state, &desired, &BTreeSet::new());
        for step in &plan.steps {
            prop_assert!(![email(0), email(1)].contains(&step.email().to_owned()));
            let stays = state.members.iter().any(|m| m.email == step.email())
                && !plan
                    .steps
                    .iter()
                    .any(|s| matches!(s, Step::Remove { email, .. } if email == step.email()));
            if stays {
                prop_assert!(
                    !step
                        .tenants()
                        .iter()
                        .any(|id| id == "tenant-03" || id.starts_with("tenant-1"))
                );
            }
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn pulled_roster_survives_its_file() {
    let mut runner = TestRunner::new(config(500));
    let result = runner.run(&people(), |people| {
        let state = state_of(&people, &tenants());
        let roster = pull("acme", &state);
        let text = serde_yaml::to_string(&roster).unwrap();
        let read = Roster::parse("roster.yaml", &text).unwrap();
        prop_assert_eq!(&read, &roster, "{}", text);
        let desired = Desired::resolve(&read, &state).unwrap();
        prop_assert!(Plan::new(&state, &desired, &BTreeSet::new()).is_empty());
        Ok(())
    });
    result.unwrap();
}

/// A team in a sandbox.
struct Team {
    sandbox: Sandbox,
    client: Client,
}

impl Team {
    async fn start(seed: u64) -> Self {
        let sandbox = Sandbox::builder()
            .members(6)
            .tenants(12)
            .seed(seed)
            .start()
            .await
            .unwrap();
        let tokens = ClientCredentials::builder(sandbox.domain())
            .client_id(sandbox.client_id())
            .client_secret(sandbox.client_secret())
            .audience(sandbox.audience())
            .token_url(sandbox.token_url())
            .build()
            .unwrap();
        let client = Client::builder()
            .base_url(sandbox.url())
            .token_source(tokens)
            // The tests do not wait.
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        Self { sandbox, client }
    }

    async fn state(&self) -> TeamState {
        self.sandbox.clear_faults();
        TeamState::read(&self.client).await.unwrap()
    }
}

/// A journal that ends the process, so to say, before the entry with this number is written.
struct CrashingJournal {
    entries: Vec<Entry>,
    crash_at: Option<usize>,
}

impl CrashingJournal {
    fn record(&mut self, entry: &Entry) -> Result<(), Failure> {
        if self.crash_at == Some(self.entries.len()) {
            return Err(Failure::failed("killed"));
        }
        self.entries.push(entry.clone());
        Ok(())
    }
}

/// What went wrong in a case.
#[derive(Debug, Clone)]
struct Trouble {
    seed: u64,
    /// Operation, number of the call, and effect of each fault.
    faults: Vec<(usize, u64, u8)>,
    /// Entries after which the process is killed, one per run.
    crashes: Vec<usize>,
}

const OPERATIONS: [&str; 5] = [
    "inviteMember",
    "updateMemberRole",
    "deleteMember",
    "addMemberTenants",
    "removeMemberTenant",
];

fn effect(number: u8) -> Effect {
    match number % 6 {
        0 => Effect::Reset { acted: true },
        1 => Effect::Reset { acted: false },
        2 => Effect::RateLimit {
            hint: Hint::RetryAfter,
            seconds: 1,
        },
        3 => Effect::status(500),
        4 => Effect::status(503),
        _ => Effect::Truncate,
    }
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let faults = vec((0..OPERATIONS.len(), 1..5_u64, any::<u8>()), 0..4);
    (0..1_000_u64, faults, vec(0..24_usize, 0..4)).prop_map(|(seed, faults, crashes)| Trouble {
        seed,
        faults,
        crashes,
    })
}

/// The roster of the tests: everything that can change, changes.
fn changed_roster(state: &TeamState) -> Roster {
    let mut roster = pull("acme", state);
    let tenants: Vec<String> = state
        .tenants
        .iter()
        .map(|tenant| tenant.name.clone())
        .collect();
    let access = |tenants: &[String], role: &str| model::RosterAccess {
        tenants: tenants.to_vec(),
        roles: BTreeSet::from([role.to_owned()]),
        client_ids: BTreeSet::new(),
    };
    // One person leaves, one becomes an owner, one gets other access, two are new.
    let leaving = roster.members.len() - 1;
    roster.members.remove(leaving);
    for member in &mut roster.members {
        if member.role != OWNER {
            member.role = OWNER.to_owned();
            member.access = Some(vec![access(&tenants[1..], "support-access")]);
            break;
        }
    }
    let joins = |number: usize| model::RosterMember {
        email: format!("new-{number}@example.com"),
        role: "teams_contributor".to_owned(),
        access: Some(vec![access(&tenants[..number * 2], "viewer-users")]),
    };
    roster.members.extend([joins(1), joins(2)]);
    roster
}

async fn run_case(trouble: &Trouble) -> (usize, usize) {
    let team = Team::start(trouble.seed).await;
    let initial = team.state().await;
    let roster = changed_roster(&initial);
    let guards = guards();
    let plan = Plan::new(
        &initial,
        &Desired::resolve(&roster, &initial).unwrap(),
        &BTreeSet::new(),
    );
    assert!(guards.violations(&initial, &plan).is_empty());
    let mut journal = CrashingJournal {
        entries: Vec::new(),
        crash_at: None,
    };
    let mut invitations = Invitations::default();
    let stop = Stop::default();
    let (mut runs, mut crashes) = (0, trouble.crashes.iter());
    team.sandbox.forget_requests();
    let report = loop {
        let state = team.state().await;
        runs += 1;
        // Later runs are without faults, so that the plan ends.
        if runs <= 2 {
            for (operation, call, number) in &trouble.faults {
                let fault = Fault::of(OPERATIONS[*operation])
                    .call(*call)
                    .then(effect(*number));
                team.sandbox.fail(fault).unwrap();
            }
        }
        let crash = crashes.next();
        journal.crash_at = crash.map(|after| journal.entries.len() + after);
        let mut applier = Applier {
            client: &team.client,
            guards: &guards,
            stop: &stop,
            state,
        };
        let earlier = journal.entries.clone();
        let mut record = |entry: &Entry| journal.record(entry);
        let result = applier
            .run(&plan.steps, &earlier, &mut invitations, &mut record)
            .await;
        match result {
            Ok(report) if crash.is_none() && runs > 2 => break report,
            Ok(report) if report.exit() == Exit::Success => break report,
            _ => assert!(runs < 20, "no end"),
        }
    };
    let state = team.state().await;
    // Every invitation was sent at most once. One with an unknown outcome is reported and not repeated.
    let mut invited = BTreeSet::new();
    for invitation in team.sandbox.invitations() {
        assert!(
            invited.insert(invitation.email.clone()),
            "invited twice: {trouble:?}"
        );
    }
    for (step, result) in &report.results {
        let is_invitation = matches!(step, Step::Invite { .. });
        match result {
            StepResult::Done | StepResult::AlreadyDone => {
                if is_invitation {
                    assert!(invited.contains(step.email()), "lost: {trouble:?}");
                } else {
                    assert_eq!(
                        step.remaining(&state),
                        step::Remaining::Nothing,
                        "lost: {trouble:?}"
                    );
                }
            }
            StepResult::Unknown(_) if is_invitation => {}
            other => panic!("{step:?}: {other:?}: {trouble:?}"),
        }
    }
    // No change of access or role was made twice: a second one would be an item failure or a different log entry.
    let acted: Vec<_> = team
        .sandbox
        .requests()
        .into_iter()
        .filter(|request| request.acted && request.method != "GET")
        .collect();
    let changes = plan.steps.len()
        - report
            .results
            .iter()
            .filter(
                |(step, _)| matches!(step, Step::Invite { email, .. } if !invited.contains(email)),
            )
            .count();
    assert_eq!(acted.len(), changes, "{trouble:?}: {acted:#?}");
    // The journal: a step that is done was started before, or needed no call.
    let mut started = BTreeSet::new();
    for entry in &journal.entries {
        match entry {
            Entry::Start { step, .. } => drop(started.insert(*step)),
            Entry::Partial { step, .. } | Entry::Failed { step, .. } => {
                assert!(started.contains(step))
            }
            Entry::Begin { .. } | Entry::Done { .. } | Entry::End => {}
        }
    }
    let pending = invitations.pending();
    let plan = Plan::new(
        &state,
        &Desired::resolve(&roster, &state).unwrap(),
        &pending,
    );
    assert!(plan.is_empty(), "{trouble:?}: {plan:?}");
    (runs, trouble.faults.len() + trouble.crashes.len())
}

#[test]
#[allow(
    clippy::print_stdout,
    reason = "the number of faults, for `--nocapture`"
)]
fn faults_and_crashes_lose_and_repeat_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(config(60));
    let total = std::cell::Cell::new((0, 0, 0));
    let result = runner.run(&trouble(), |trouble| {
        let (runs, troubles) = runtime.block_on(run_case(&trouble));
        let (cases, all_runs, all) = total.get();
        total.set((cases + 1, all_runs + runs, all + troubles));
        Ok(())
    });
    let (cases, runs, troubles) = total.get();
    println!("{cases} cases, {runs} runs, {troubles} faults and crashes");
    result.unwrap();
}

/// Kills the process before each entry of the journal in turn.
#[test]
fn crash_between_any_two_entries_is_resumed() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for crash in 0..20 {
        runtime.block_on(run_case(&Trouble {
            seed: 7,
            faults: Vec::new(),
            crashes: vec![crash],
        }));
    }
}
