use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span;

use super::support::*;
use crate::limit::{Class, Observation};

/// Records every event of the thread of the test, one per line.
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

fn produce_waits_and_pauses() {
    paused(async {
        let (limiter, _) = limiter(slow());
        let organization = limiter.for_organization("org_a").handle(HOST);
        assert!(is_granted(&organization, Class::Write));
        wait_of(&organization, Class::Write).await;
        organization.observe(rate_limited(Class::Read, Some(s(5))));
        organization.observe(rate_limited(Class::Read, Some(s(6))));
        organization.observe(Observation {
            global: true,
            ..rate_limited(Class::Read, None)
        });
    });
}

#[test]
fn waits_and_pauses_are_logged_with_ids_at_trace_level_only() {
    let events = Events::default();
    tracing::subscriber::with_default(events.clone(), || {
        // A concurrent test without a subscriber may register a callsite as disabled. After all callsites are registered,
        // the cache is rebuilt and the events are recorded again.
        produce_waits_and_pauses();
        tracing::callsite::rebuild_interest_cache();
        events.0.lock().unwrap().clear();
        produce_waits_and_pauses();
    });
    let expected = r#"DEBUG message=waited for the rate limit class="write" waited_ms=1000
TRACE message=waited for the rate limit class="write" waited_ms=1000 organization="org_a"
DEBUG message=paused class="read" of_host=false until_unix_s=1000006 reason="status 429"
TRACE message=paused class="read" until_unix_s=1000006 reason="status 429" organization="org_a"
DEBUG message=paused class="read" of_host=true until_unix_s=1000002 reason="status 429"
DEBUG message=paused class="write" of_host=true until_unix_s=1000002 reason="status 429"
"#;
    assert_eq!(*events.0.lock().unwrap(), expected);
}
