//! Changes and their collection. A change that is found at several places or in several directions is recorded once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::fact_comparison::Fact;
use super::rules::{Direction, Level, Rule};

/// The subject of a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The document as a whole.
    Document,
    /// An operation, as `GET /members`.
    Operation(String),
    /// A component, by kind and name.
    Component(String, String),
}

/// A guess at a rename.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guess {
    /// Whether the subject has the old name and `name` is the new one.
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

    /// The text before the name.
    pub fn text(&self) -> &'static str {
        if self.is_old {
            "perhaps renamed to"
        } else {
            "perhaps renamed from"
        }
    }
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.text(), self.name)
    }
}

/// A change between two documents.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentChange {
    /// The rule that classifies it.
    pub rule: &'static Rule,
    /// The version level that it requires.
    pub level: Level,
    /// Its subject.
    pub subject: Subject,
    /// The location in the subject, for people.
    pub place: String,
    /// The old value.
    pub was: Option<String>,
    /// The new value.
    pub is: Option<String>,
    /// A guess at the name that it was renamed to or from.
    pub guess: Option<Guess>,
    /// The directions in which a changed schema is used.
    pub directions: Vec<Direction>,
    /// The affected operations.
    pub operations: Vec<String>,
    /// The affected Rust item, if known.
    pub rust: Option<String>,
    /// The pointers into the old document.
    pub old_at: Vec<String>,
    /// The pointers into the new document.
    pub new_at: Vec<String>,
    /// The differences in the facts that are attributed to it.
    pub facts: Vec<Fact>,
}

/// A change before its directions and operations are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    /// The pointer to show.
    pub(super) shown_at: String,
    /// The rule.
    pub(super) rule: &'static str,
    pub(super) was: Option<String>,
    pub(super) is: Option<String>,
    pub(super) guess: Option<Guess>,
    /// The only direction that it affects, if it does not affect all.
    pub(super) only: Option<Direction>,
}

impl Finding {
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

/// The places of a change in both documents, used to attribute facts to it.
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

    /// Creates one place in each document.
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

/// A use of a changed part: the direction, if it has one, and the number of the operation.
pub(super) type Use = (Option<Direction>, usize);

/// The places and uses of a change.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorded {
    pub(super) places: ChangePlaces,
    pub(super) uses: BTreeSet<Use>,
}

/// The recorded changes.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) entries: BTreeMap<Finding, Recorded>,
}

impl Recorder {
    pub(super) fn add(
        &mut self,
        found: Finding,
        places: ChangePlaces,
        uses: impl IntoIterator<Item = Use>,
    ) {
        // In a direction that it does not affect, the change is still recorded, as unread.
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
