//! Collections of resources, in order of creation. Initial resources may be generated on access, so a million of them need no
//! memory until they change.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// What a collection needs to know of its resources.
pub(crate) trait Record: Clone {
    /// The text of a field by which resources are found.
    fn text(&self, field: &str) -> &str;
}

/// Generates the initial resources of a collection.
pub(crate) trait Seed<T>: Send + Sync {
    /// Number of initial resources.
    fn size(&self) -> u64;

    /// The resource with this number, which is less than the size.
    fn generate(&self, number: u64) -> T;

    /// The number that belongs to the value of a field, whether or not the resource still exists.
    fn number_of(&self, field: &str, value: &str) -> Option<u64>;

    /// The id of the resource with this number, even beyond the initial ones.
    fn id(&self, number: u64) -> String;
}

/// Resources by number, in order of creation. Numbers are not reused, because cursors may name deleted resources.
#[derive(Clone)]
pub(crate) struct Collection<T> {
    seed: Option<Arc<dyn Seed<T>>>,
    /// Initial resources that were deleted.
    removed: BTreeSet<u64>,
    /// New and changed resources.
    stored: BTreeMap<u64, T>,
    next: u64,
}

impl<T: Record> Collection<T> {
    pub(crate) const fn new() -> Self {
        Self {
            seed: None,
            removed: BTreeSet::new(),
            stored: BTreeMap::new(),
            next: 0,
        }
    }

    pub(crate) fn seeded(seed: impl Seed<T> + 'static) -> Self {
        Self {
            next: seed.size(),
            seed: Some(Arc::new(seed)),
            ..Self::new()
        }
    }

    fn size(&self) -> u64 {
        self.seed.as_ref().map_or(0, |seed| seed.size())
    }

    pub(crate) fn len(&self) -> u64 {
        let later = self.stored.range(self.size()..).count() as u64;
        self.size() - self.removed.len() as u64 + later
    }

    /// The numbers of the existing resources.
    pub(crate) fn numbers(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.numbers_in(0..u64::MAX)
    }

    pub(crate) fn numbers_in(&self, range: Range<u64>) -> impl DoubleEndedIterator<Item = u64> {
        let (Range { start, end }, size) = (range, self.size());
        let initial = (start..end.min(size)).filter(|number| !self.removed.contains(number));
        let later = start.max(size);
        let later = self.stored.range(later..end.max(later));
        initial.chain(later.map(|(number, _)| *number))
    }

    /// The numbers in order of creation or in reverse, starting after the last item of the previous page, even if that was deleted.
    pub(crate) fn ordered(
        &self,
        is_ascending: bool,
        last: Option<u64>,
    ) -> Box<dyn Iterator<Item = u64> + '_> {
        match (is_ascending, last) {
            (true, None) => Box::new(self.numbers()),
            (true, Some(last)) => Box::new(self.numbers_in(last.saturating_add(1)..u64::MAX)),
            (false, None) => Box::new(self.numbers().rev()),
            (false, Some(last)) => Box::new(self.numbers_in(0..last).rev()),
        }
    }

    pub(crate) fn get(&self, number: u64) -> Option<Cow<'_, T>> {
        if let Some(stored) = self.stored.get(&number) {
            return Some(Cow::Borrowed(stored));
        }
        let is_initial = number < self.size() && !self.removed.contains(&number);
        let seed = self.seed.as_ref().filter(|_| is_initial)?;
        Some(Cow::Owned(seed.generate(number)))
    }

    /// A stored resource.
    pub(crate) fn stored(&self, number: u64) -> Option<&T> {
        self.stored.get(&number)
    }

    /// A resource for changes. An initial resource is stored from then on.
    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        if !self.stored.contains_key(&number) {
            let generated = self.get(number)?.into_owned();
            self.stored.insert(number, generated);
        }
        self.stored.get_mut(&number)
    }

    /// All resources with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, Cow<'_, T>)> {
        let numbers = self.numbers();
        numbers.filter_map(|number| Some((number, self.get(number)?)))
    }

    /// The number of the resource whose field has this value.
    pub(crate) fn find(&self, field: &str, value: &str) -> Option<u64> {
        self.find_by(field, value, |found| found == value)
    }

    pub(crate) fn find_ignoring_case(&self, field: &str, value: &str) -> Option<u64> {
        self.find_by(field, value, |found| found.eq_ignore_ascii_case(value))
    }

    fn find_by(&self, field: &str, value: &str, is: impl Fn(&str) -> bool) -> Option<u64> {
        let seed = self.seed.as_ref();
        if let Some(number) = seed.and_then(|seed| seed.number_of(field, value)) {
            let is_found = match self.stored.get(&number) {
                Some(record) => is(record.text(field)),
                None => number < self.size() && !self.removed.contains(&number),
            };
            if is_found {
                return Some(number);
            }
        }
        let mut stored = self.stored.iter();
        let found = stored.find(|(_, record)| is(record.text(field)));
        found.map(|(number, _)| *number)
    }

    /// The id of the next resource, if the seed determines ids.
    pub(crate) fn next_id(&self) -> Option<String> {
        Some(self.seed.as_ref()?.id(self.next))
    }

    /// Adds a resource and returns its number.
    pub(crate) fn push(&mut self, record: T) -> u64 {
        let number = self.next;
        self.next += 1;
        self.stored.insert(number, record);
        number
    }

    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        let removed = self.get(number)?.into_owned();
        self.stored.remove(&number);
        if number < self.size() {
            self.removed.insert(number);
        }
        Some(removed)
    }

    /// Removes the resources that do not satisfy the condition. Generated ones are kept.
    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(&T) -> bool) {
        let stored = self.stored.iter();
        let doomed = stored.filter_map(|(number, record)| (!keeps(record)).then_some(*number));
        for number in doomed.collect::<Vec<u64>>() {
            self.remove(number);
        }
    }

    /// The stored resources.
    pub(crate) fn stored_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.stored.values_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Record for String {
        fn text(&self, _: &str) -> &str {
            self
        }
    }

    struct Digits;

    impl Seed<String> for Digits {
        fn size(&self) -> u64 {
            10
        }

        fn generate(&self, number: u64) -> String {
            number.to_string()
        }

        fn number_of(&self, _: &str, value: &str) -> Option<u64> {
            value.parse().ok()
        }

        fn id(&self, number: u64) -> String {
            number.to_string()
        }
    }

    #[test]
    fn generated_and_later_resources_are_listed_found_and_removed_alike() {
        let mut collection = Collection::seeded(Digits);
        assert_eq!(collection.next_id().as_deref(), Some("10"));
        let later = collection.push("later".to_owned());
        collection.remove(3);
        collection.remove(3);
        *collection.get_mut(5).unwrap() = "five".to_owned();
        let expected = [0, 1, 2, 4, 5, 6, 7, 8, 9, later];
        assert_eq!(collection.numbers().collect::<Vec<_>>(), expected);
        assert_eq!(collection.len(), expected.len() as u64);
        assert_eq!(collection.numbers_in(3..6).collect::<Vec<_>>(), [4, 5]);
        let reversed: Vec<u64> = collection.numbers_in(9..99).rev().collect();
        assert_eq!(reversed, [10, 9]);
        for (text, number) in [
            ("3", None),
            ("5", None),
            ("five", Some(5)),
            ("6", Some(6)),
            ("12", None),
            ("later", Some(10)),
        ] {
            assert_eq!(collection.find("", text), number, "{text}");
        }
        assert_eq!(collection.find_ignoring_case("", "FIVE"), Some(5));
        collection.remove(later);
        assert_eq!(collection.push("next".to_owned()), 11);
    }
}
