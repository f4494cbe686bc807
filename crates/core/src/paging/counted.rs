//! Where a listing whose pages are counted continues. The response decides: its `start`, its `limit` and how many items
//! it holds. What was asked for counts only where the response does not say.

use super::Position;
use super::walk::{Next, Step};
use crate::error::ListingFault;

/// What is known of the pages before the one that is fetched next.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// The page size to ask for instead of the request's: that of the stream, or the one that the server uses.
    pub(super) size: Option<u64>,
    /// The items that were returned, and those before the place where the listing began.
    returned: u64,
    /// A page was as large as asked for, so a shorter one is not due to a maximum of the server.
    is_size_confirmed: bool,
    /// Where the first page was read that holds fewer items than the total counts there.
    gap: Option<u64>,
    /// Where to continue if no item is at the place that is asked for now: see [`Counted::next`].
    fallback: Option<Fallback>,
    /// The page is fetched once more, with the size that the server named.
    is_resized: bool,
}

/// Where and with which page size a listing continues if a short page was not due to a maximum of the server.
#[derive(Debug, Clone, Copy)]
struct Fallback {
    offset: u64,
    size: Option<u64>,
    /// Where the short page was read.
    gap: u64,
}

impl Progress {
    /// The progress of a listing that begins behind `offset` items.
    pub(super) fn from(offset: u64) -> Self {
        Self {
            returned: offset,
            ..Self::default()
        }
    }

    /// The page size to ask for at `offset` instead of `size`, if another one is needed: the one that the server uses,
    /// and near the paging limit one whose page ends there, because the server rejects a page that ends beyond.
    pub(super) fn size_at(&self, offset: u64, size: u64, paging_limit: Option<u64>) -> Option<u64> {
        let wanted = self.size.unwrap_or(size).max(1);
        let fitting = paging_limit
            .filter(|limit| {
                wanted <= *limit && (offset - offset % wanted).saturating_add(wanted) > *limit
            })
            .and_then(|limit| (1..wanted).rev().find(|size| limit % size == 0));
        fitting.or(self.size)
    }
}

/// A page as it came, and what was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    /// The place that the listing is at. The page that was asked for holds it, but need not begin with it.
    pub(super) wanted: u64,
    /// The page size that was asked for.
    pub(super) size: u64,
    /// How many items came.
    pub(super) count: u64,
    /// The response's own `start`, `limit` and `total`.
    pub(super) start: Option<u64>,
    pub(super) limit: Option<u64>,
    pub(super) total: Option<u64>,
    pub(super) paging_limit: Option<u64>,
}

/// What to do with a page.
pub(super) enum Reading {
    /// Leave out the first items, which precede the place that is wanted, and continue.
    Take { skip: u64, next: Next },
    /// Nothing of it is of use; fetch another one instead.
    Instead(Step),
    /// It does not hold what was asked for.
    Failed(ListingFault),
}

impl Counted {
    /// Reads the page after `progress`.
    pub(super) fn read(&self, progress: Progress) -> Reading {
        let wanted = self.wanted;
        let asked_start = wanted - wanted % self.size.max(1);
        let start = match self.count {
            0 => asked_start,
            _ => self.start.unwrap_or(asked_start),
        };
        let limit = self.limit.filter(|limit| *limit > 0);
        // The page size of the server: never more than asked for, as some servers name their maximum there.
        let size = limit.unwrap_or(self.size).min(self.size).max(1);
        let end = start.saturating_add(self.count);
        let reach = start.saturating_add(size.max(self.count));
        // A total of fewer items than there are is none.
        let total = self.total.filter(|total| *total >= end || self.count == 0);

        let is_past_the_end = self.count == 0 || total.is_some_and(|total| total <= wanted);
        if !is_past_the_end && !(start..reach).contains(&wanted) {
            return match (limit, progress.fallback) {
                (Some(limit), _) if limit != self.size && !progress.is_resized => {
                    let progress = Progress {
                        size: Some(limit),
                        is_resized: true,
                        ..progress
                    };
                    Reading::Instead(step(wanted, progress))
                }
                (_, Some(fallback)) => self.nothing(fallback, progress),
                _ => Reading::Failed(ListingFault::Misplaced { wanted, start }),
            };
        }

        let skip = wanted.saturating_sub(start).min(self.count);
        if skip == self.count
            && let Some(fallback) = progress.fallback
        {
            return self.nothing(fallback, progress);
        }
        let progress = Progress {
            size: match size == self.size {
                true => progress.size,
                false => Some(size),
            },
            returned: progress.returned.saturating_add(self.count - skip),
            is_size_confirmed: progress.is_size_confirmed || self.count >= size,
            fallback: None,
            is_resized: false,
            ..progress
        };
        let end = end.max(wanted);
        let next = self.next(progress, end, reach.max(end), total);
        Reading::Take { skip, next }
    }

    /// Continues at `fallback`: no item is at the place that was asked for.
    fn nothing(&self, fallback: Fallback, progress: Progress) -> Reading {
        let progress = Progress {
            size: fallback.size,
            is_size_confirmed: true,
            gap: progress.gap.or(Some(fallback.gap)),
            fallback: None,
            is_resized: false,
            ..progress
        };
        Reading::Take {
            skip: self.count,
            next: Next::Page(step(fallback.offset, progress)),
        }
    }

    /// Where the listing continues behind a page whose items end at `end` and whose size leads to `reach`.
    ///
    /// A page that is short before the end has one of two causes: the server returns fewer items than asked for, or it
    /// counts items that it does not return. The first continues at `end` with the size of the page that came, the
    /// second at `reach`. Where no page has been full yet, `end` is tried first.
    fn next(&self, progress: Progress, end: u64, reach: u64, total: Option<u64>) -> Next {
        let is_over = match total {
            Some(total) => end >= total,
            None => self.count == 0,
        };
        if is_over && total.is_none_or(|total| progress.returned >= total) {
            return Next::End;
        }
        if !is_over && self.count > 0 && !progress.is_size_confirmed {
            let fallback = Fallback {
                offset: reach,
                size: progress.size,
                gap: self.wanted,
            };
            return Next::Page(step(
                end,
                Progress {
                    size: Some(self.count),
                    fallback: Some(fallback),
                    ..progress
                },
            ));
        }
        let gap = progress.gap.unwrap_or(self.wanted);
        match total {
            // Past the paging limit the server would not have returned more anyway.
            Some(total)
                if reach >= total
                    && !self
                        .paging_limit
                        .is_some_and(|limit| total > limit && reach >= limit) =>
            {
                let fault = ListingFault::Incomplete {
                    total,
                    returned: progress.returned,
                };
                Next::Failed(Position::Offset(gap), fault)
            }
            _ => Next::Page(step(
                reach,
                Progress {
                    gap: (reach > end).then_some(gap).or(progress.gap),
                    ..progress
                },
            )),
        }
    }
}

fn step(offset: u64, progress: Progress) -> Step {
    Step {
        position: Position::Offset(offset),
        progress,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A server with the items 0, 1, 2 … and a page size that it does not exceed.
    #[derive(Debug, Clone, Copy)]
    struct Server {
        items: u64,
        max_size: u64,
        /// Pages are numbered by the size that the server uses, not by the one that was asked for.
        counts_own_pages: bool,
        says_start: bool,
        says_limit: Limit,
        says_total: bool,
        paging_limit: Option<u64>,
    }

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Limit {
        Unsaid,
        Own,
        /// As asked for, whatever comes.
        Asked,
        Maximum,
    }

    impl Server {
        fn page(&self, wanted: u64, size: u64) -> (Counted, Vec<u64>) {
            let number = wanted / size;
            let own = size.min(self.max_size);
            let start = number * if self.counts_own_pages { own } else { size };
            let items: Vec<u64> = (start..self.items.min(start.saturating_add(own))).collect();
            let page = Counted {
                wanted,
                size,
                count: items.len() as u64,
                start: self.says_start.then_some(start),
                limit: match self.says_limit {
                    Limit::Unsaid => None,
                    Limit::Own => Some(own),
                    Limit::Asked => Some(size),
                    Limit::Maximum => Some(self.max_size),
                },
                total: self.says_total.then_some(self.items),
                paging_limit: self.paging_limit,
            };
            (page, items)
        }

        /// The items that a listing gives from `offset` on, and what ends it where that is an error.
        fn list(&self, offset: u64, size: u64) -> (Vec<u64>, Option<String>) {
            self.list_with(offset, size, |_| ())
        }

        fn list_with(
            &self,
            offset: u64,
            size: u64,
            mut change: impl FnMut(&mut Counted),
        ) -> (Vec<u64>, Option<String>) {
            let mut step = step(offset, Progress::from(offset));
            let mut found = Vec::new();
            for _ in 0..10_000 {
                let wanted = step.position.offset();
                if self.paging_limit.is_some_and(|limit| wanted >= limit) {
                    return (found, Some("PagingLimit".to_owned()));
                }
                let asked = step.progress.size_at(wanted, size, self.paging_limit);
                let (mut page, items) = self.page(wanted, asked.unwrap_or(size));
                change(&mut page);
                match page.read(step.progress) {
                    Reading::Take { skip, next } => {
                        let skip = usize::try_from(skip).unwrap();
                        found.extend(&items[skip..usize::try_from(page.count).unwrap()]);
                        match next {
                            Next::End => return (found, None),
                            Next::Page(next) => step = next,
                            Next::Failed(position, fault) => {
                                return (found, Some(format!("{fault:?} at {position:?}")));
                            }
                        }
                    }
                    Reading::Instead(other) => step = other,
                    Reading::Failed(fault) => return (found, Some(format!("{fault:?}"))),
                }
            }
            panic!("the listing has no end: {self:?}, from {offset}, pages of {size}")
        }
    }

    const PLAIN: Server = Server {
        items: 120,
        max_size: 50,
        counts_own_pages: false,
        says_start: true,
        says_limit: Limit::Own,
        says_total: true,
        paging_limit: None,
    };

    #[test]
    fn server_returns_other_items_than_asked_for_then_the_listing_fails() {
        // It ignores the number of the page.
        let (found, error) = PLAIN.list_with(0, 50, |page| page.start = Some(0));
        assert_eq!(found, (0..50).collect::<Vec<_>>());
        assert_eq!(error.unwrap(), "Misplaced { wanted: 50, start: 0 }");
        let (found, error) = PLAIN.list_with(50, 50, |page| page.start = Some(100));
        assert!(found.is_empty());
        assert_eq!(error.unwrap(), "Misplaced { wanted: 50, start: 100 }");
    }

    #[test]
    fn items_are_counted_and_not_returned_then_the_error_is_at_their_page() {
        let hidden = |page: &mut Counted| {
            if page.wanted == 50 {
                page.count -= 7;
            }
        };
        let (found, error) = PLAIN.list_with(0, 50, hidden);
        assert_eq!(found.len(), 113);
        assert_eq!(
            error.unwrap(),
            "Incomplete { total: 120, returned: 113 } at Offset(50)"
        );
    }

    #[test]
    fn total_changes_then_the_newest_one_decides() {
        for (last, expected) in [(101, 101), (120, 120)] {
            let server = Server {
                items: last,
                ..PLAIN
            };
            let (found, error) = server.list_with(0, 50, |page| {
                if page.wanted < 100 {
                    page.total = Some(120);
                }
            });
            assert_eq!((found.len(), error), (expected, None));
        }
        // It grows after the first page.
        let (found, error) = PLAIN.list_with(0, 50, |page| {
            if page.wanted == 0 {
                page.total = Some(51);
            }
        });
        assert_eq!((found.len(), error), (120, None));
    }

    #[test]
    fn total_is_less_than_what_came_then_it_is_no_end() {
        let (found, error) = PLAIN.list_with(0, 50, |page| page.total = Some(20));
        assert_eq!((found.len(), error), (120, None));
    }

    #[test]
    fn last_page_would_end_beyond_the_paging_limit_then_a_smaller_one_is_asked_for() {
        let server = Server {
            items: 990,
            max_size: 100,
            paging_limit: Some(1_000),
            ..PLAIN
        };
        for size in [7, 30, 70, 99] {
            let mut ends = Vec::new();
            let (found, error) = server.list_with(0, size, |page| {
                ends.push(page.wanted - page.wanted % page.size + page.size);
            });
            assert_eq!((found.len(), error), (990, None), "{size}");
            assert!(ends.iter().all(|end| *end <= 1_000), "{size}: {ends:?}");
        }
    }

    #[test]
    fn numbers_are_absurd_then_nothing_overflows() {
        let odd = [0, 1, u64::MAX];
        for wanted in odd {
            for start in odd {
                for total in odd {
                    let page = Counted {
                        wanted,
                        size: 50,
                        count: 50,
                        start: Some(start),
                        limit: Some(u64::MAX),
                        total: Some(total),
                        paging_limit: None,
                    };
                    let _ = page.read(Progress::from(wanted));
                    let _ = Progress::from(wanted).size_at(wanted, u64::MAX, Some(u64::MAX));
                }
            }
        }
    }

    fn servers() -> impl Strategy<Value = Server> {
        let limits = [Limit::Unsaid, Limit::Own, Limit::Asked, Limit::Maximum];
        let says = (
            any::<bool>(),
            any::<bool>(),
            prop::sample::select(limits.to_vec()),
            any::<bool>(),
        );
        (0u64..60, 1u64..20, says).prop_map(|(items, max_size, says)| Server {
            items,
            max_size,
            counts_own_pages: says.0,
            says_start: says.1,
            says_limit: says.2,
            says_total: says.3,
            paging_limit: None,
        })
    }

    proptest! {
        #[test]
        fn server_returns_fewer_items_than_asked_for_then_every_item_comes_once(
            server in servers(), size in 1u64..30,
        ) {
            let (found, error) = server.list(0, size);
            prop_assert_eq!(error, None);
            prop_assert_eq!(found, (0..server.items).collect::<Vec<_>>());
        }

        #[test]
        fn listing_is_resumed_with_any_size_then_exactly_the_rest_comes(
            server in servers(), offset in 0u64..70, size in 1u64..30,
        ) {
            // Nobody could tell otherwise which items came.
            prop_assume!(server.says_start || !server.counts_own_pages || size <= server.max_size);
            let (found, error) = server.list(offset, size);
            let rest: Vec<u64> = (offset.min(server.items)..server.items).collect();
            if error.is_none() {
                prop_assert_eq!(found, rest);
            } else {
                // The server names no size of its own with which the item could be asked for.
                prop_assert!(server.counts_own_pages && server.says_limit != Limit::Own);
            }
        }

        #[test]
        fn items_are_counted_and_not_returned_then_the_listing_does_not_end_well(
            server in servers(), size in 1u64..30, at in 0u64..60,
        ) {
            let server = Server { says_total: true, ..server };
            prop_assume!(at < server.items);
            let (found, error) = server.list_with(0, size, |page| {
                let start = page.wanted - page.wanted % page.size;
                if (start..start + page.count).contains(&at) {
                    page.count = at - start;
                }
            });
            prop_assert!(error.is_some() || found.contains(&at));
        }
    }
}
