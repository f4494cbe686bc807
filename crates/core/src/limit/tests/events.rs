use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span;

use super::support::*;
use crate::limit::{Class, Observation};

/// Every event of the test's own thread, one a line.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<String>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl tracing::Subscriber for Events {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "auth0_core"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        let _ = writeln!(self.0.lock().unwrap(), "{}", line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn callers_wait_and_pauses_begin() {
    paused(async {
        let (limiter, _) = limiter(slow());
        let organization = limiter.for_organization("org_a").handle(HOST);
        assert!(passes(&organization, Class::Write));
        wait_of(&organization, Class::Write).await;
        organization.observe(refusal(Class::Read, Some(s(5))));
        organization.observe(refusal(Class::Read, Some(s(6))));
        organization.observe(Observation {
            global: true,
            ..refusal(Class::Read, None)
        });
    });
}

#[test]
fn callers_wait_and_pauses_begin_then_events_say_so_and_ids_are_at_trace_level_only() {
    let events = Events::default();
    tracing::subscriber::with_default(events.clone(), || {
        // Another test that comes to an event for the first time just now, without a subscriber, may have it noted that
        // nobody listens. Once every event has been come to, that can be put right.
        callers_wait_and_pauses_begin();
        tracing::callsite::rebuild_interest_cache();
        events.0.lock().unwrap().clear();
        callers_wait_and_pauses_begin();
    });
    let expected = r#"DEBUG message=waited for the rate limit class="write" waited_ms=1000
TRACE message=waited for the rate limit class="write" waited_ms=1000 organization="org_a"
DEBUG message=paused class="read" of_host=false until_unix_s=1000006 why="status 429"
TRACE message=paused class="read" until_unix_s=1000006 why="status 429" organization="org_a"
DEBUG message=paused class="read" of_host=true until_unix_s=1000002 why="status 429"
DEBUG message=paused class="write" of_host=true until_unix_s=1000002 why="status 429"
"#;
    assert_eq!(*events.0.lock().unwrap(), expected);
}
