//! The two classes of requests.

/// Whether a request reads or writes. Each class has separate limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Read,
    Write,
}

impl Class {
    pub(super) const ALL: [Self; 2] = [Self::Read, Self::Write];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// One `T` per class.
#[derive(Clone, Copy)]
pub(super) struct PerClass<T> {
    pub(super) read: T,
    pub(super) write: T,
}

impl<T> PerClass<T> {
    pub(super) fn of(&self, class: Class) -> &T {
        match class {
            Class::Read => &self.read,
            Class::Write => &self.write,
        }
    }

    pub(super) fn map<U>(self, f: impl Fn(T) -> U) -> PerClass<U> {
        PerClass {
            read: f(self.read),
            write: f(self.write),
        }
    }
}
