//! A change, and the collection of them: what is found in several places or from several sides is told once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::fact_comparison::Fact;
use super::rules::{Direction, Level, Rule};

/// What a change is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The document as a whole.
    Document,
    /// An operation, as `GET /members`.
    Operation(String),
    /// A component: its kind and its name.
    Component(String, String),
}

/// A guess at a rename.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guess {
    /// Whether this is the old name, and the other one the new.
    pub is_old: bool,
    /// The other name.
    pub name: String,
}

impl Guess {
    pub(super) fn to(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { is_old: true, name }
    }

    pub(super) fn from(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            is_old: false,
            name,
        }
    }

    /// The guess in words, without the name.
    pub fn words(&self) -> &'static str {
        if self.is_old {
            "perhaps renamed to"
        } else {
            "perhaps renamed from"
        }
    }
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.words(), self.name)
    }
}

/// A change.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentChange {
    /// The rule that it falls under.
    pub rule: &'static Rule,
    /// What it asks of the version.
    pub level: Level,
    /// What it is about.
    pub subject: Subject,
    /// Where in it, for people.
    pub place: String,
    /// What was there.
    pub was: Option<String>,
    /// What is there.
    pub is: Option<String>,
    /// What it may have been renamed to or from.
    pub guess: Option<Guess>,
    /// The sides from which a changed schema is seen.
    pub directions: Vec<Direction>,
    /// The operations that it reaches.
    pub operations: Vec<String>,
    /// The Rust item that it is about, where it is known.
    pub rust: Option<String>,
    /// The places in the old document.
    pub old_at: Vec<String>,
    /// The places in the new document.
    pub new_at: Vec<String>,
    /// The differences of facts that it explains.
    pub facts: Vec<Fact>,
}

/// A change as it is found, before its sides and operations are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Where it is shown, as a pointer.
    pub(super) shown_at: String,
    /// The rule.
    pub(super) rule: &'static str,
    pub(super) was: Option<String>,
    pub(super) is: Option<String>,
    pub(super) guess: Option<Guess>,
    /// The one direction from which it is a change, if it is none from the others.
    pub(super) only: Option<Direction>,
}

impl Found {
    pub(super) fn new(rule: &'static str, shown_at: impl Into<String>) -> Self {
        Self {
            rule,
            shown_at: shown_at.into(),
            ..Self::default()
        }
    }

    pub(super) fn was(mut self, text: impl Into<String>) -> Self {
        self.was = Some(text.into());
        self
    }

    pub(super) fn is(mut self, text: impl Into<String>) -> Self {
        self.is = Some(text.into());
        self
    }
}

/// The places of a change: keys by which the facts that it explains are found.
#[derive(Debug, Clone, Default)]
pub(super) struct ChangePlaces {
    pub(super) old: BTreeSet<String>,
    pub(super) new: BTreeSet<String>,
}

impl ChangePlaces {
    pub(super) fn new<A: Into<String>, B: Into<String>>(
        old: impl IntoIterator<Item = A>,
        new: impl IntoIterator<Item = B>,
    ) -> Self {
        Self {
            old: old.into_iter().map(Into::into).collect(),
            new: new.into_iter().map(Into::into).collect(),
        }
    }

    /// One place in each document.
    pub(super) fn both(old: impl Into<String>, new: impl Into<String>) -> Self {
        Self::new([old.into()], [new.into()])
    }

    pub(super) fn old(at: impl Into<String>) -> Self {
        Self::new([at.into()], None::<String>)
    }

    pub(super) fn new_only(at: impl Into<String>) -> Self {
        Self::new(None::<String>, [at.into()])
    }
}

/// From where a change is seen: a direction, where it has one, and an operation by its number.
pub(super) type Use = (Option<Direction>, usize);

/// What is known of a change that was found.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorded {
    pub(super) places: ChangePlaces,
    pub(super) uses: BTreeSet<Use>,
}

/// The changes that were found.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) entries: BTreeMap<Found, Recorded>,
}

impl Recorder {
    pub(super) fn add(
        &mut self,
        found: Found,
        places: ChangePlaces,
        uses: impl IntoIterator<Item = Use>,
    ) {
        // Seen from a side on which it changes nothing, it is still there to be told.
        let only = found.only;
        let seen = uses.into_iter().map(|(direction, operation)| match only {
            Some(only) if direction != Some(only) => (Some(Direction::Unread), operation),
            _ => (direction, operation),
        });
        let entry = self.entries.entry(found).or_default();
        entry.uses.extend(seen);
        entry.places.old.extend(places.old);
        entry.places.new.extend(places.new);
    }
}
