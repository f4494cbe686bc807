//! Where a listing whose pages are counted continues. The response decides: its `start`, its `limit` and how many items
//! it holds. What was asked for counts only where the response does not say.

use super::Position;
use super::walk::{Next, Step};
use crate::error::ListingFault;

/// What is known of the pages before the one that is fetched next.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// The page size to ask for, once the server has shown that it uses another one than the request asks for.
    size: Option<u64>,
    /// The items that were returned, and those before the place where the listing began.
    returned: u64,
    /// A page was as large as asked for, so a shorter one is not due to a maximum of the server.
    is_size_confirmed: bool,
    /// The first place whose item was not returned although the total counts it.
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
            .filter(|limit| wanted <= *limit && (offset - offset % wanted).saturating_add(wanted) > *limit)
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
        let total = self.total.filter(|total| *total >= end);

        let is_past_the_end = self.count == 0 || total.is_some_and(|total| total <= wanted);
        if !is_past_the_end && !(start <= wanted && wanted < reach) {
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
            gap: Some(progress.gap.unwrap_or(self.wanted)),
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
        let gap = progress.gap.unwrap_or(end);
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
