//! Decides where a counted listing continues: by `start`, `limit` and the number of items of the response. The request
//! counts only if the response contains none of these.

use super::Position;
use super::fetcher::{Next, PageRequest};
use crate::error::ListingFailure;

/// What is known from the previous pages.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// The page size to request instead of that of the request: the size set on the stream, or the one the server uses.
    pub(super) size: Option<u64>,
    /// The number of returned items, plus those before the start of the listing.
    returned: u64,
    /// A page was as large as requested, so a shorter page is not caused by a maximum of the server.
    is_size_confirmed: bool,
    /// The offset of the first page that had fewer items than the total implies.
    gap: Option<u64>,
    /// Where to continue if the requested page has no item: see [`CountedPage::next`].
    fallback: Option<Fallback>,
    /// The page is fetched again with the size that the server reported.
    is_resized: bool,
}

/// Where and with which page size a listing continues if a short page was not due to a maximum of the server.
#[derive(Debug, Clone, Copy)]
struct Fallback {
    offset: u64,
    size: Option<u64>,
    /// The offset of the short page.
    gap: u64,
}

impl Progress {
    /// The progress of a listing that starts at `offset`.
    pub(super) fn from(offset: u64) -> Self {
        Self {
            returned: offset,
            ..Self::default()
        }
    }

    /// Returns the page size to request at `offset` instead of `size`, if it differs: the one that the server uses or,
    /// near the paging limit, one whose page ends there, because the server rejects a page that exceeds the limit.
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

/// A received page, and what was requested.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountedPage {
    /// The offset of the next item. The requested page contains it, but need not start with it.
    pub(super) wanted: u64,
    /// The requested page size.
    pub(super) size: u64,
    /// The number of items on the page.
    pub(super) count: u64,
    /// `start`, `limit` and `total` of the response.
    pub(super) start: Option<u64>,
    pub(super) limit: Option<u64>,
    pub(super) total: Option<u64>,
    pub(super) paging_limit: Option<u64>,
}

/// What to do with a page.
pub(super) enum PageDecision {
    /// Skip the items before the wanted one, use the rest, and continue.
    Take { skip: u64, next: Next },
    /// Discard the page and fetch another one instead.
    Refetch(PageRequest),
    /// The page does not contain the requested item.
    Failed(ListingFailure),
}

impl CountedPage {
    /// Decides what to do with the page after `progress`.
    pub(super) fn decide(&self, progress: Progress) -> PageDecision {
        let wanted = self.wanted;
        let requested_start = wanted - wanted % self.size.max(1);
        let start = match self.count {
            0 => requested_start,
            _ => self.start.unwrap_or(requested_start),
        };
        let limit = self.limit.filter(|limit| *limit > 0);
        // The page size of the server, but never more than requested: some servers report their maximum.
        let size = limit.unwrap_or(self.size).min(self.size).max(1);
        let end = start.saturating_add(self.count);
        let reach = start.saturating_add(size.max(self.count));
        // A total that is smaller than the number of items is ignored.
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
                    PageDecision::Refetch(page_request(wanted, progress))
                }
                (_, Some(fallback)) => self.use_fallback(fallback, progress),
                _ => PageDecision::Failed(ListingFailure::Misplaced { wanted, start }),
            };
        }

        let skip = wanted.saturating_sub(start).min(self.count);
        if skip == self.count
            && let Some(fallback) = progress.fallback
        {
            return self.use_fallback(fallback, progress);
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
        PageDecision::Take { skip, next }
    }

    /// Continues at `fallback`, because the requested page has no item.
    fn use_fallback(&self, fallback: Fallback, progress: Progress) -> PageDecision {
        let progress = Progress {
            size: fallback.size,
            is_size_confirmed: true,
            gap: progress.gap.or(Some(fallback.gap)),
            fallback: None,
            is_resized: false,
            ..progress
        };
        PageDecision::Take {
            skip: self.count,
            next: Next::Page(page_request(fallback.offset, progress)),
        }
    }

    /// Decides where the listing continues after a page whose items end at `end` and whose size extends to `reach`.
    ///
    /// A short page before the end has one of two causes: the server uses smaller pages than requested, or it counts items
    /// that it does not return. In the first case, the listing continues at `end` with the size of the received page; in
    /// the second, at `reach`. If no page has been full yet, `end` is tried first.
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
            return Next::Page(page_request(
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
            // Beyond the paging limit the server returns no items in any case.
            Some(total)
                if reach >= total
                    && !self
                        .paging_limit
                        .is_some_and(|limit| total > limit && reach >= limit) =>
            {
                let failure = ListingFailure::Incomplete {
                    total,
                    returned: progress.returned,
                };
                Next::Failed(Position::Offset(gap), failure)
            }
            _ => Next::Page(page_request(
                reach,
                Progress {
                    gap: (reach > end).then_some(gap).or(progress.gap),
                    ..progress
                },
            )),
        }
    }
}

fn page_request(offset: u64, progress: Progress) -> PageRequest {
    PageRequest {
        position: Position::Offset(offset),
        progress,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A server with the items 0, 1, 2 … and a maximum page size.
    #[derive(Debug, Clone, Copy)]
    struct Server {
        items: u64,
        max_size: u64,
        /// Pages are numbered by the actual page size, not by the requested one.
        numbers_by_actual_size: bool,
        sends_start: bool,
        sends_limit: LimitField,
        sends_total: bool,
        paging_limit: Option<u64>,
    }

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum LimitField {
        Absent,
        Actual,
        /// The requested size, whatever the actual one is.
        Requested,
        Maximum,
    }

    impl Server {
        fn page(&self, wanted: u64, size: u64) -> (CountedPage, Vec<u64>) {
            let number = wanted / size;
            let own = size.min(self.max_size);
            let start = number
                * if self.numbers_by_actual_size {
                    own
                } else {
                    size
                };
            let items: Vec<u64> = (start..self.items.min(start.saturating_add(own))).collect();
            let page = CountedPage {
                wanted,
                size,
                count: items.len() as u64,
                start: self.sends_start.then_some(start),
                limit: match self.sends_limit {
                    LimitField::Absent => None,
                    LimitField::Actual => Some(own),
                    LimitField::Requested => Some(size),
                    LimitField::Maximum => Some(self.max_size),
                },
                total: self.sends_total.then_some(self.items),
                paging_limit: self.paging_limit,
            };
            (page, items)
        }

        /// The items of a listing from `offset` on, and the error that ends it, if any.
        fn list(&self, offset: u64, size: u64) -> (Vec<u64>, Option<String>) {
            self.list_with(offset, size, |_| ())
        }

        fn list_with(
            &self,
            offset: u64,
            size: u64,
            mut change: impl FnMut(&mut CountedPage),
        ) -> (Vec<u64>, Option<String>) {
            let mut page_request = page_request(offset, Progress::from(offset));
            let mut found = Vec::new();
            for _ in 0..10_000 {
                let wanted = page_request.position.offset();
                if self.paging_limit.is_some_and(|limit| wanted >= limit) {
                    return (found, Some("PagingLimit".to_owned()));
                }
                let requested = page_request
                    .progress
                    .size_at(wanted, size, self.paging_limit);
                let (mut page, items) = self.page(wanted, requested.unwrap_or(size));
                change(&mut page);
                match page.decide(page_request.progress) {
                    PageDecision::Take { skip, next } => {
                        let skip = usize::try_from(skip).unwrap();
                        found.extend(&items[skip..usize::try_from(page.count).unwrap()]);
                        match next {
                            Next::End => return (found, None),
                            Next::Page(next) => page_request = next,
                            Next::Failed(position, failure) => {
                                return (found, Some(format!("{failure:?} at {position:?}")));
                            }
                        }
                    }
                    PageDecision::Refetch(other) => page_request = other,
                    PageDecision::Failed(failure) => return (found, Some(format!("{failure:?}"))),
                }
            }
            panic!("the listing has no end: {self:?}, from {offset}, pages of {size}")
        }
    }

    const PLAIN: Server = Server {
        items: 120,
        max_size: 50,
        numbers_by_actual_size: false,
        sends_start: true,
        sends_limit: LimitField::Actual,
        sends_total: true,
        paging_limit: None,
    };

    #[test]
    fn page_at_another_start_than_requested_fails_the_listing() {
        // The server ignores the page number.
        let (found, error) = PLAIN.list_with(0, 50, |page| page.start = Some(0));
        assert_eq!(found, (0..50).collect::<Vec<_>>());
        assert_eq!(error.unwrap(), "Misplaced { wanted: 50, start: 0 }");
        let (found, error) = PLAIN.list_with(50, 50, |page| page.start = Some(100));
        assert!(found.is_empty());
        assert_eq!(error.unwrap(), "Misplaced { wanted: 50, start: 100 }");
    }

    #[test]
    fn missing_items_are_an_error_at_the_cursor_of_their_page() {
        let hidden = |page: &mut CountedPage| {
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
    fn newest_total_decides() {
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
        // The total grows after the first page.
        let (found, error) = PLAIN.list_with(0, 50, |page| {
            if page.wanted == 0 {
                page.total = Some(51);
            }
        });
        assert_eq!((found.len(), error), (120, None));
    }

    #[test]
    fn total_below_the_number_of_returned_items_does_not_end_the_listing() {
        let (found, error) = PLAIN.list_with(0, 50, |page| page.total = Some(20));
        assert_eq!((found.len(), error), (120, None));
    }

    #[test]
    fn last_page_before_the_paging_limit_is_requested_with_a_smaller_size() {
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
    fn extreme_numbers_do_not_overflow() {
        let odd = [0, 1, u64::MAX];
        for wanted in odd {
            for start in odd {
                for total in odd {
                    let page = CountedPage {
                        wanted,
                        size: 50,
                        count: 50,
                        start: Some(start),
                        limit: Some(u64::MAX),
                        total: Some(total),
                        paging_limit: None,
                    };
                    let _ = page.decide(Progress::from(wanted));
                    let _ = Progress::from(wanted).size_at(wanted, u64::MAX, Some(u64::MAX));
                }
            }
        }
    }

    fn servers() -> impl Strategy<Value = Server> {
        let limits = [
            LimitField::Absent,
            LimitField::Actual,
            LimitField::Requested,
            LimitField::Maximum,
        ];
        let sends = (
            any::<bool>(),
            any::<bool>(),
            prop::sample::select(limits.to_vec()),
            any::<bool>(),
        );
        (0u64..60, 1u64..20, sends).prop_map(|(items, max_size, sends)| Server {
            items,
            max_size,
            numbers_by_actual_size: sends.0,
            sends_start: sends.1,
            sends_limit: sends.2,
            sends_total: sends.3,
            paging_limit: None,
        })
    }

    proptest! {
        #[test]
        fn server_returning_smaller_pages_yields_every_item_once(
            server in servers(), size in 1u64..30,
        ) {
            let (found, error) = server.list(0, size);
            prop_assert_eq!(error, None);
            prop_assert_eq!(found, (0..server.items).collect::<Vec<_>>());
        }

        #[test]
        fn listing_resumed_with_any_size_yields_exactly_the_rest(
            server in servers(), offset in 0u64..70, size in 1u64..30,
        ) {
            // Otherwise the position of the items is unknown.
            prop_assume!(server.sends_start || !server.numbers_by_actual_size || size <= server.max_size);
            let (found, error) = server.list(offset, size);
            let rest: Vec<u64> = (offset.min(server.items)..server.items).collect();
            if error.is_none() {
                prop_assert_eq!(found, rest);
            } else {
                // The server does not report the page size that is needed to request the item.
                prop_assert!(server.numbers_by_actual_size && server.sends_limit != LimitField::Actual);
            }
        }

        #[test]
        fn missing_items_never_end_a_listing_successfully(
            server in servers(), size in 1u64..30, at in 0u64..60,
        ) {
            let server = Server { sends_total: true, ..server };
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
