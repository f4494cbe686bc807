//! The table of faults, end to end: what each fault of the sandbox makes of a call of each class of retry safety, when
//! it befalls the call once and when it does not end. What needs raw sockets stands in the table of `auth0-core`.
//!
//! | column | holds |
//! | --- | --- |
//! | told | attempts that the caller is told of; of a listing, the requests that were made |
//! | acted | requests that the sandbox carried out, whatever the caller got to hear of them |
//! | waits | waits before a repetition: `7s+` was asked for by the server, `jitter` was not |
//! | the caller gets | `ok`, or every predicate of the error that holds |
//!
//! What must hold in every row is asserted in each, by [`Ending::check`].

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use auth0_core::time::Clock as _;
use auth0_sandbox::{Effect, Fault, Hint, Reply, RequestRecord, Sandbox};
use auth0_teams::types::{PublicCloudPayload, TenantMemberRoleEnum as Role, *};
use auth0_teams::uuid::Uuid;
use auth0_teams::{Client, Error, RetryPolicy};
use futures_util::future::join_all;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::sandbox::Local;

mod tokens;
mod words;

use words::words;

/// More than any answer here has, and less than the sandbox puts into one piece of an endless one.
const MAX_RESPONSE_BYTES: usize = 8 * 1024;

/// What the default policy allows: the longest wait that a server may ask for, and the most that is added by lot.
const LONGEST_WAIT: Duration = Duration::from_millis(20_500);

const SECRET_LENGTH: usize = 64;

/// A call of each class of retry safety; of those that may act twice also one with a partial outcome. A listing, which
/// is safe, is asked for three pages.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Class {
    Safe,
    Idempotent,
    Unsafe,
    Bulk,
    Listing,
}

const CALLS: [Class; 4] = [Class::Safe, Class::Idempotent, Class::Unsafe, Class::Bulk];

impl Class {
    fn operation(self) -> &'static str {
        match self {
            Self::Safe => "getMember",
            Self::Idempotent => "deleteTenant",
            Self::Unsafe => "createTenant",
            Self::Bulk => "addMemberTenants",
            Self::Listing => "listMembers",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Idempotent => "idempotent",
            Self::Unsafe => "unsafe",
            Self::Bulk => "bulk",
            Self::Listing => "listing",
        }
    }

    fn may_act_twice(self) -> bool {
        matches!(self, Self::Unsafe | Self::Bulk)
    }

    fn reads(self) -> bool {
        matches!(self, Self::Safe | Self::Listing)
    }
}

/// A fault and the sandbox that it happens in.
#[derive(Debug, Clone)]
struct Row {
    name: &'static str,
    effect: Option<Effect>,
    delay: Duration,
    /// How long each attempt may take.
    timeout: Duration,
    clock_offset_seconds: i64,
}

fn row(name: &'static str, effect: Effect) -> Row {
    Row {
        name,
        effect: Some(effect),
        delay: Duration::ZERO,
        timeout: Duration::from_secs(60),
        clock_offset_seconds: 0,
    }
}

/// A fault that ends by the time-out of the attempt alone.
fn slow(name: &'static str, effect: Effect) -> Row {
    Row {
        timeout: Duration::from_millis(400),
        ..row(name, effect)
    }
}

fn delayed(name: &'static str, delay: Duration) -> Row {
    Row {
        effect: None,
        delay,
        ..slow(name, Effect::Truncate)
    }
}

fn answer(status: u16) -> Reply {
    Reply::new(status)
}

/// A 429 with a hint, from a sandbox whose clock is off.
fn limited(name: &'static str, hint: Hint, seconds: u64, clock_offset_seconds: i64) -> Row {
    Row {
        clock_offset_seconds,
        ..row(name, Effect::RateLimit { hint, seconds })
    }
}

impl Row {
    /// How many seconds the server asks to wait.
    fn asked(&self) -> Option<u64> {
        match &self.effect {
            Some(Effect::RateLimit { seconds, .. }) => Some(*seconds),
            _ => None,
        }
    }

    /// Whether what the caller gets is the true answer, up to what is done to it.
    fn tells_the_truth(&self) -> bool {
        matches!(
            self.effect,
            None | Some(
                Effect::Truncate
                    | Effect::Endless
                    | Effect::UnknownEnums
                    | Effect::ExtraFields
                    | Effect::RepeatCursor
            )
        )
    }

    /// Whether the server says that it did what it did not do. No client can know better.
    fn makes_a_success_up(&self) -> bool {
        let told = json!(self.effect);
        let status = told["answer"]["status"].as_u64().unwrap_or_default();
        (200..300).contains(&status) && told["answer"]["acted"] == false
    }

    /// The calls that it befalls: each once, and then for ever.
    fn calls(&self) -> impl Iterator<Item = (Class, bool)> {
        let classes = match self.effect {
            Some(Effect::UnknownEnums | Effect::ExtraFields) => {
                [&CALLS[..], &[Class::Listing]].concat()
            }
            Some(Effect::RepeatCursor) => vec![Class::Listing],
            _ => CALLS.to_vec(),
        };
        let twice = |class| [(class, false), (class, true)];
        classes.into_iter().flat_map(twice)
    }

    /// What is wrong with an operation.
    fn fault(&self, operation: &str) -> Fault {
        let fault = Fault::of(operation).delay(self.delay);
        match &self.effect {
            Some(effect) => fault.then(effect.clone()),
            None => fault,
        }
    }

    /// The same, for one request of a call or for all.
    fn fault_of(&self, class: Class, for_ever: bool) -> Fault {
        let fault = self.fault(class.operation());
        match (for_ever, class) {
            (true, _) => fault,
            // The first page has no cursor to repeat.
            (false, Class::Listing) => fault.call(2),
            (false, _) => fault.times(1),
        }
    }
}

fn hints() -> Vec<Row> {
    use Hint::{None, Reset, RetryAfter, RetryAfterDate};
    vec![
        limited("429", None, 7, 0),
        limited("429, after 0 s", RetryAfter, 0, 0),
        limited("429, after 7 s", RetryAfter, 7, 0),
        limited("429, after 20 s", RetryAfter, 20, 0),
        limited("429, after 21 s", RetryAfter, 21, 0),
        limited("429, after an hour", RetryAfter, 3600, 0),
        limited("429, at a date in 7 s", RetryAfterDate, 7, 0),
        limited("429, at a date in an hour", RetryAfterDate, 3600, 0),
        limited("429, reset now", Reset, 0, 0),
        limited("429, reset in 7 s", Reset, 7, 0),
        limited("429, reset in an hour", Reset, 3600, 0),
        limited("429, date, 10 min ahead", RetryAfterDate, 7, 600),
        limited("429, date, 10 min behind", RetryAfterDate, 7, -600),
        limited("429, reset, 10 min ahead", Reset, 7, 600),
        limited("429, reset, 10 min behind", Reset, 7, -600),
        row(
            "429, after nonsense",
            Effect::Answer(answer(429).header("retry-after", "soon")),
        ),
    ]
}

fn answers() -> Vec<Row> {
    let page = "<h1>Bad gateway</h1>";
    let mut rows = vec![
        row(
            "503, after 7 s",
            Effect::Answer(answer(503).header("retry-after", "7")),
        ),
        row(
            "503, after an hour",
            Effect::Answer(answer(503).header("retry-after", "3600")),
        ),
        row("503 once done", Effect::Answer(answer(503).acted())),
        row("502 with HTML", Effect::Answer(answer(502).html(page))),
        row(
            "502 with HTML once done",
            Effect::Answer(answer(502).html(page).acted()),
        ),
        row("200 with HTML", Effect::Answer(answer(200).html(page))),
        row(
            "200 with HTML once done",
            Effect::Answer(answer(200).html(page).acted()),
        ),
        row(
            "204 with nothing once done",
            Effect::Answer(answer(204).acted()),
        ),
        row(
            "307",
            Effect::Answer(answer(307).header("location", "/api/elsewhere")),
        ),
    ];
    rows.extend(
        [
            ("400", 400),
            ("401", 401),
            ("403", 403),
            ("404", 404),
            ("408", 408),
            ("409", 409),
            ("500", 500),
            ("501", 501),
            ("503", 503),
            ("504", 504),
        ]
        .map(|(name, status)| row(name, Effect::status(status))),
    );
    rows
}

fn broken_answers() -> Vec<Row> {
    vec![
        row("reset", Effect::Reset { acted: false }),
        row("reset once done", Effect::Reset { acted: true }),
        row("answer breaks off", Effect::Truncate),
        row("answer without an end", Effect::Endless),
        row("unknown enums", Effect::UnknownEnums),
        row("extra fields", Effect::ExtraFields),
        row("repeated cursor", Effect::RepeatCursor),
    ]
}

fn slow_rows() -> Vec<Row> {
    vec![
        slow("silence", Effect::Silence { acted: false }),
        slow("silence once done", Effect::Silence { acted: true }),
        delayed("answer comes late", Duration::from_millis(10)),
        delayed("answer comes too late", Duration::from_secs(600)),
    ]
}

/// What became of one call.
#[derive(Debug)]
struct Ending {
    class: Class,
    requests: Vec<RequestRecord>,
    waits: Vec<Duration>,
    result: Result<Done, Error>,
    /// Every line of the table says this much of it.
    line: Line,
}

#[derive(Debug, Clone, PartialEq)]
struct Line {
    told: usize,
    acted: usize,
    waits: String,
    gets: String,
}

/// What a call gives.
#[derive(Debug)]
struct Done {
    attempts: usize,
    /// What is not as usual.
    remark: &'static str,
    /// That of the new tenant.
    secret: Option<String>,
}

/// A sandbox with what a call needs.
struct Scene {
    local: Local,
    client: Client,
    tenants: Vec<Uuid>,
    member: String,
}

impl Scene {
    async fn set(row: &Row, class: Class) -> Self {
        let builder = Sandbox::builder()
            .tenants(2)
            .activity(0)
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
            let removed = DeleteMembersTenantsRequestContent::new([scene.tenants[0]]);
            let members = scene.local.client.members();
            let removal = members.tenants().remove(&scene.member, removed).await;
            assert!(removal.unwrap().is_complete());
        }
        scene.local.forget_requests();
        scene
    }

    async fn call(&self, class: Class) -> Result<Done, Error> {
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
                let call = client
                    .tenants()
                    .create(PublicCloudPayload::new(email, "us"));
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
                    [Role::ViewerUsers],
                    self.tenants.clone(),
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
                let mut members = client.members().list().take(10).stream();
                let mut read = 0;
                let result = loop {
                    match members.try_next().await {
                        Ok(Some(_)) => read += 1,
                        Ok(None) => break Ok(done(0, "")),
                        Err(error) => break Err(error),
                    }
                };
                assert_eq!(read, if result.is_ok() { 25 } else { 20 });
                result
            }
        }
    }
}

fn done(attempts: u32, remark: &'static str) -> Done {
    Done {
        attempts: attempts as usize,
        remark,
        secret: None,
    }
}

/// What becomes of one call.
async fn befallen(row: &Row, class: Class, for_ever: bool, scene: Scene) -> Ending {
    let local = &scene.local;
    local.fail(row.fault_of(class, for_ever)).unwrap();
    let result = scene.call(class).await;
    let requests = local.requests_of(class.operation());
    let waits = local.timer.slept();
    let asked = row.asked();
    let shown = waits.iter().map(|wait| match wait.as_secs() {
        0 => "jitter".to_owned(),
        seconds => format!("{}s+", near(seconds, asked)),
    });
    let line = Line {
        told: match &result {
            _ if class == Class::Listing => requests.len(),
            Ok(done) => done.attempts,
            Err(error) => error.attempts() as usize,
        },
        acted: requests.iter().filter(|request| request.acted).count(),
        waits: shown.collect::<Vec<_>>().join(" "),
        gets: match &result {
            Ok(done) => format!("ok{}", done.remark),
            Err(error) => words(error, |at| {
                near(
                    at.duration_since(local.timer.now()).unwrap().as_secs(),
                    asked,
                )
            }),
        },
    };
    Ending {
        class,
        requests,
        waits,
        result,
        line,
    }
}

/// `seconds`, or what the server asked for if that is one more: its clock may tick between the two headers that it
/// writes.
fn near(seconds: u64, asked: Option<u64>) -> u64 {
    asked
        .filter(|asked| *asked == seconds + 1)
        .unwrap_or(seconds)
}

impl Ending {
    /// What holds whatever goes wrong.
    fn check(&self, row: &Row) {
        let Self {
            class,
            requests,
            line,
            ..
        } = self;
        let told = format!("{} {}: {self:#?}", row.name, class.name());

        // What may act twice does not, and is not even asked to.
        let first = requests.iter().position(|request| request.acted);
        if class.may_act_twice() {
            assert!(line.acted <= 1, "acted on twice: {told}");
            assert!(
                first.is_none_or(|first| first + 1 == requests.len()),
                "asked for again: {told}"
            );
        }
        // Nothing is waited for longer than it may be, or more often than there are repetitions.
        assert!(
            self.waits.iter().all(|wait| *wait <= LONGEST_WAIT),
            "waited too long: {told}"
        );
        assert!(self.waits.len() < 3, "waited too often: {told}");
        // Every request is told of. One that the sandbox is slow with is not in its log when it is given up.
        let is_logged = row.delay < row.timeout;
        assert!(
            line.told == requests.len() || !is_logged,
            "requests were kept back: {told}"
        );

        match &self.result {
            Ok(done) => {
                assert!(
                    line.acted > 0 || row.makes_a_success_up(),
                    "a success of nothing: {told}"
                );
                let length = done.secret.as_ref().map(String::len);
                let expected = (*class == Class::Unsafe).then_some(SECRET_LENGTH);
                assert_eq!(length, expected, "the secret is lost: {told}");
            }
            Err(error) => {
                let acted = line.acted > 0;
                assert!(
                    class.reads() || !acted || error.may_have_acted(),
                    "it hides what was done: {told}"
                );
                assert!(
                    !error.has_acted() || acted || row.makes_a_success_up(),
                    "it claims what was not done: {told}"
                );
                assert!(
                    !(class.may_act_twice() && error.may_have_acted() && error.is_retryable()),
                    "it invites to act twice: {told}"
                );
                if *class == Class::Unsafe && acted && row.tells_the_truth() {
                    assert_kept(error, &told);
                }
            }
        }
    }
}

/// Asserts that all that came of an answer is with the error, however far that is.
fn assert_kept(error: &Error, told: &str) {
    let Some(body) = error.body() else {
        assert!(error.is_outcome_unknown(), "the answer is lost: {told}");
        return;
    };
    if error.body_is_complete() {
        let body: Value = serde_json::from_slice(body).unwrap();
        let secret = body["management_client"]["client_secret"].as_str();
        assert_eq!(
            secret.map(str::len),
            Some(SECRET_LENGTH),
            "the secret is lost: {told}"
        );
        return;
    }
    assert!(
        body.starts_with(br#"{"created_at":""#),
        "the beginning is lost: {told}"
    );
    // The sandbox sends half of what it promises, or more than anybody wants.
    let promised = error.headers().unwrap().get("content-length");
    let sent = promised.map_or(MAX_RESPONSE_BYTES, |length| {
        length.to_str().unwrap().parse::<usize>().unwrap() / 2
    });
    assert_eq!(body.len(), sent, "the end is lost: {told}");
}

/// Prints `rows`, some of which happen at the same time.
async fn print(table: &mut String, rows: Vec<Row>) {
    // Each has eight sandboxes, and no process may have any number of connections.
    for rows in rows.chunks(8) {
        // Scenes are set first, so that nothing takes of the time of calls that have little.
        let setting = rows.iter().cloned().map(|row| async move {
            let scenes = join_all(row.calls().map(|(class, _)| Scene::set(&row, class))).await;
            (row, scenes)
        });
        let scenes = join_all(setting.map(tokio::spawn)).await;
        let befalling = scenes.into_iter().map(|set| async move {
            let (row, scenes) = set.unwrap();
            let calls = row.calls().zip(scenes);
            let calls =
                calls.map(|((class, for_ever), scene)| befallen(&row, class, for_ever, scene));
            (join_all(calls).await, row)
        });
        for befallen in join_all(befalling.map(tokio::spawn)).await {
            let (endings, row) = befallen.unwrap();
            for ending in &endings {
                ending.check(&row);
            }
            let pairs: Vec<_> = endings.chunks(2).map(|pair| [&pair[0], &pair[1]]).collect();
            print_row(table, row.name, &pairs);
        }
    }
}

/// The lines of one fault: one for each class, or for several classes to which the same happens.
fn print_row(table: &mut String, mut name: &str, endings: &[[&Ending; 2]]) {
    let mut lines: Vec<(Vec<&str>, [&Line; 2])> = Vec::new();
    for ending in endings {
        let class = ending[0].class.name();
        let ending = [&ending[0].line, &ending[1].line];
        match lines.iter_mut().find(|(_, other)| *other == ending) {
            Some((classes, _)) => classes.push(class),
            None => lines.push((vec![class], ending)),
        }
    }
    for (classes, [once, for_ever]) in &lines {
        let classes = match (lines.len(), classes.len()) {
            (1, 4..) => "every".to_owned(),
            (_, 4..) => "every other".to_owned(),
            _ => classes.join(", "),
        };
        if once == for_ever {
            print_line(table, [name, &classes, "either"], once);
        } else {
            print_line(table, [name, &classes, "once"], once);
            print_line(table, ["", "", "for ever"], for_ever);
        }
        name = "";
    }
}

fn print_line(table: &mut String, [name, classes, how_often]: [&str; 3], line: &Line) {
    let Line {
        told,
        acted,
        waits,
        gets,
    } = line;
    writeln!(
        table,
        "{name:<26} | {classes:<24} | {how_often:<8} | {told:>4} | {acted:>5} | {waits:<13} | {gets}"
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_in_every_class_has_its_ending_and_breaks_no_promise() {
    let mut table = format!(
        "{:<26} | {:<24} | {:<8} | told | acted | {:<13} | the caller gets\n",
        "fault", "call", "befalls", "waits"
    );
    print(&mut table, [hints(), answers(), broken_answers()].concat()).await;
    // By themselves, so that nothing else takes of their time.
    print(&mut table, slow_rows()).await;
    insta::assert_snapshot!(table);
}

/// The names that serde knows for the variants of `T`.
fn variants<T: DeserializeOwned>() -> BTreeSet<String> {
    let error = serde_json::from_value::<T>(json!("none of them"))
        .err()
        .unwrap();
    let text = error.to_string();
    let (_, expected) = text.split_once("expected one of ").unwrap();
    let names = expected.split('`').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// The name of the variant that `value` is.
fn variant(value: &Value) -> String {
    let name = value
        .as_str()
        .or_else(|| value.as_object()?.keys().next().map(String::as_str));
    name.unwrap().to_owned()
}

#[test]
fn sandbox_learns_another_effect_or_hint_then_it_has_to_have_a_row() {
    let rows = [hints(), answers(), broken_answers(), slow_rows()].concat();
    let effects: Vec<Value> = rows
        .iter()
        .filter_map(|row| row.effect.clone())
        .chain(tokens::effects())
        .map(|effect| json!(effect))
        .collect();
    let told: BTreeSet<_> = effects.iter().map(variant).collect();
    assert_eq!(told, variants::<Effect>());
    let hints: BTreeSet<_> = effects
        .iter()
        .filter_map(|effect| effect.get("rate-limit"))
        .map(|limit| variant(&limit["hint"]))
        .collect();
    assert_eq!(hints, variants::<Hint>());
}

#[tokio::test]
async fn tenant_is_created_and_its_answer_never_comes_then_the_error_says_where_to_look_and_it_is_there()
 {
    let local = Local::start(Sandbox::builder()).await;
    let hasty = local
        .builder()
        .timeout(Duration::from_millis(200))
        .retry(RetryPolicy::default())
        .build()
        .unwrap();
    local
        .fail(Fault::of("createTenant").then(Effect::Silence { acted: true }))
        .unwrap();
    let payload =
        PublicCloudPayload::new(&local.first_member().email, "us").tenant_name("acme-lost");
    let error = hasty.tenants().create(payload).await.unwrap_err();
    assert!(error.is_outcome_unknown() && error.may_have_acted() && error.is_timeout());
    assert_eq!(error.look_at(), ["listTenants"]);
    assert_eq!(local.requests_of("createTenant").len(), 1);

    let newest = local.client.tenants().list().take(1).await.unwrap();
    assert_eq!(newest.tenants[0].tenant_name, "acme-lost");
}
