//! Responses that are read while they arrive: server-sent events and JSON in lines.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use futures_core::Stream;
use http::{HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use sse_stream::{Sse, SseByteStream};
use sync_wrapper::SyncStream;

use crate::call::{RawResponse, media_type};
use crate::error::UndecodableReason;
use crate::undecodable::Undecodable;
use crate::{Error, Response};

type Decode<T> = fn(&str) -> Result<T, serde_json::Error>;

/// The body of a response, with the limit of what may be buffered for one item.
struct Chunks {
    stream: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    /// The bytes since the last item.
    buffered: Arc<AtomicUsize>,
    limit: usize,
    /// What ends an item, in each of its spellings.
    ends: &'static [&'static [u8]],
}

/// The end of a line, and of a server-sent event: an empty line.
const LINE_ENDS: &[&[u8]] = &[b"\n"];
const EVENT_ENDS: &[&[u8]] = &[b"\n\n", b"\r\r", b"\r\n\r\n"];

impl Chunks {
    /// The positions after the first and the last end of an item in `chunk`.
    fn item_ends(&self, chunk: &[u8]) -> Option<(usize, usize)> {
        let mut ends = self.ends.iter().flat_map(|end| {
            let positions = chunk.windows(end.len()).enumerate();
            positions.filter_map(move |(at, found)| (found == *end).then_some(at + end.len()))
        });
        let first = ends.next()?;
        Some(ends.fold((first, first), |(first, last), end| {
            (first.min(end), last.max(end))
        }))
    }
}

/// Why a stream of chunks ended early.
#[derive(Debug)]
enum Broken {
    Connection(reqwest::Error),
    TooLarge,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body is incomplete")
    }
}

impl std::error::Error for Broken {}

impl Stream for Chunks {
    type Item = Result<Bytes, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(chunk) = ready!(self.stream.as_mut().poll_next(cx)) else {
            return Poll::Ready(None);
        };
        let chunk = chunk.map_err(|error| Broken::Connection(error.without_url()))?;
        // Of a chunk with several items, the begun item continues to the first end, and the next one begins after the last.
        let (first, last) = self.item_ends(&chunk).unwrap_or((chunk.len(), 0));
        let begun = self.buffered.load(Ordering::Relaxed).saturating_add(first);
        let next = match last {
            0 => begun,
            last => chunk.len() - last,
        };
        self.buffered.store(next, Ordering::Relaxed);
        if begun.max(next) > self.limit {
            return Poll::Ready(Some(Err(Broken::TooLarge)));
        }
        Poll::Ready(Some(Ok(chunk)))
    }
}

/// The response of a stream, for the errors of its items.
struct Head {
    received: RawResponse,
    limit: usize,
}

impl Head {
    fn error(&self, body: Bytes, reason: UndecodableReason) -> Error {
        Error::undecodable_response(self.received.head(body), reason)
    }

    fn broken(&self, broken: Broken) -> Error {
        let reason = match broken {
            Broken::Connection(error) => UndecodableReason::IncompleteBody(error),
            Broken::TooLarge => UndecodableReason::TooLarge(self.limit),
        };
        self.error(Bytes::new(), reason)
    }

    fn undecodable(&self, text: &str, error: &serde_json::Error) -> Error {
        let body = Bytes::copy_from_slice(text.as_bytes());
        let reason = UndecodableReason::Body(Undecodable::new(&body, error));
        self.error(body, reason)
    }
}

/// A server-sent event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerEvent<T> {
    name: Option<String>,
    id: Option<String>,
    retry: Option<Duration>,
    data: T,
}

impl<T> ServerEvent<T> {
    /// Returns the type of the event (`event`), if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the id of the event, if it has one. A server may continue after it (`Last-Event-ID`).
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns the time after which the server expects the next request if the connection is lost.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Returns a reference to the decoded data.
    pub fn data(&self) -> &T {
        &self.data
    }

    /// Returns the decoded data.
    pub fn into_data(self) -> T {
        self.data
    }
}

/// The server-sent events of a response (`text/event-stream`), in the order in which they arrive.
///
/// An event whose data cannot be decoded is an error ([`Error::is_undecodable`]) after which the stream continues; its data is the body
/// of the error. A lost connection is an error that ends the stream, and so is an event that exceeds the maximum size of a response. The
/// stream does not connect again: call the operation again, with the id of the last event if the API has a parameter for it.
///
/// The timeout of an attempt ends with the headers of the response. Dropping the stream closes the connection.
///
/// ```
/// use auth0_core::{Error, EventStream};
///
/// async fn print(mut events: EventStream<String>) -> Result<(), Error> {
///     while let Some(event) = events.try_next().await? {
///         println!("{:?}: {}", event.name(), event.data());
///     }
///     Ok(())
/// }
/// # let _ = print;
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct EventStream<T> {
    events: SyncStream<SseByteStream<Chunks>>,
    buffered: Arc<AtomicUsize>,
    head: Head,
    decode: Decode<T>,
    is_over: bool,
}

impl<T> EventStream<T> {
    /// Returns the next event; `None` at the end.
    ///
    /// # Errors
    ///
    /// Returns the error of the event or of the connection.
    pub async fn try_next(&mut self) -> Result<Option<ServerEvent<T>>, Error> {
        std::future::poll_fn(|cx| self.poll_event(cx))
            .await
            .transpose()
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<ServerEvent<T>, Error>>> {
        loop {
            if self.is_over {
                return Poll::Ready(None);
            }
            let Some(event) = ready!(Pin::new(&mut self.events).poll_next(cx)) else {
                self.is_over = true;
                return Poll::Ready(None);
            };
            self.buffered.store(0, Ordering::Relaxed);
            match event {
                Ok(event) => {
                    if let Some(event) = self.decoded(event) {
                        return Poll::Ready(Some(event));
                    }
                }
                Err(error) => {
                    self.is_over = true;
                    let broken = match error {
                        sse_stream::Error::Body(error) => error.downcast::<Broken>().ok(),
                        _ => None,
                    };
                    let error = match broken {
                        Some(broken) => self.head.broken(*broken),
                        None => self.head.error(Bytes::new(), UndecodableReason::NotText),
                    };
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    /// The event; `None` for a block without data, which is no event.
    fn decoded(&self, event: Sse) -> Option<Result<ServerEvent<T>, Error>> {
        let data = event.data?;
        let decoded = (self.decode)(&data).map_err(|error| self.head.undecodable(&data, &error));
        Some(decoded.map(|data| ServerEvent {
            name: event.event.filter(|name| !name.is_empty()),
            id: event.id,
            retry: event.retry.map(Duration::from_millis),
            data,
        }))
    }
}

impl<T> Stream for EventStream<T> {
    type Item = Result<ServerEvent<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_event(cx)
    }
}

impl<T> fmt::Debug for EventStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

/// The JSON values of a response that has one in each line (`application/x-ndjson` and others).
///
/// A line that cannot be decoded is an error ([`Error::is_undecodable`]) after which the stream continues; it is the body of the error. A
/// lost connection is an error that ends the stream, and so is a line that exceeds the maximum size of a response.
///
/// The timeout of an attempt ends with the headers of the response. Dropping the stream closes the connection.
///
/// ```
/// use auth0_core::{Error, JsonLines};
///
/// async fn sum(mut numbers: JsonLines<u64>) -> Result<u64, Error> {
///     let mut sum = 0;
///     while let Some(number) = numbers.try_next().await? {
///         sum += number;
///     }
///     Ok(sum)
/// }
/// # let _ = sum;
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct JsonLines<T> {
    chunks: SyncStream<Chunks>,
    /// The beginning of the next line.
    text: BytesMut,
    /// How much of it has no line break.
    searched: usize,
    buffered: Arc<AtomicUsize>,
    head: Head,
    decode: Decode<T>,
    is_over: bool,
}

impl<T> JsonLines<T> {
    /// Returns the next value; `None` at the end.
    ///
    /// # Errors
    ///
    /// Returns the error of the line or of the connection.
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        std::future::poll_fn(|cx| self.poll_line(cx))
            .await
            .transpose()
    }

    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        loop {
            let rest = &self.text[self.searched..];
            let end = rest.iter().position(|byte| *byte == b'\n');
            let end = end.map(|end| self.searched + end);
            self.searched = match end {
                Some(_) => 0,
                None => self.text.len(),
            };
            let line = match end {
                Some(end) => {
                    let line = self.text.split_to(end);
                    self.text.advance(1);
                    self.buffered.store(self.text.len(), Ordering::Relaxed);
                    line
                }
                None if self.is_over && self.text.is_empty() => return Poll::Ready(None),
                None if self.is_over => {
                    self.searched = 0;
                    self.text.split()
                }
                None => match ready!(Pin::new(&mut self.chunks).poll_next(cx)) {
                    Some(Ok(chunk)) => {
                        self.text.extend_from_slice(&chunk);
                        continue;
                    }
                    Some(Err(broken)) => {
                        self.is_over = true;
                        self.text.clear();
                        self.searched = 0;
                        return Poll::Ready(Some(Err(self.head.broken(broken))));
                    }
                    None => {
                        self.is_over = true;
                        continue;
                    }
                },
            };
            // RFC 7464 begins each value with a record separator.
            let line = line.strip_prefix(b"\x1e").unwrap_or(&line);
            if line.trim_ascii().is_empty() {
                continue;
            }
            let text = String::from_utf8_lossy(line);
            let value = (self.decode)(&text).map_err(|error| self.head.undecodable(&text, &error));
            return Poll::Ready(Some(value));
        }
    }
}

impl<T> Stream for JsonLines<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_line(cx)
    }
}

impl<T> fmt::Debug for JsonLines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLines").finish_non_exhaustive()
    }
}

const HTML: &str = "text/html";
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// Whether the body of a success is read while it arrives. A page of a proxy, or a JSON object where events are expected, is read as a
/// whole. Some servers label lines as JSON, so JSON is a stream if the request accepts neither JSON nor events.
pub(crate) fn is_streamed(headers: &HeaderMap, accept: Option<&HeaderValue>) -> bool {
    let accepted = accept
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let is_document = |found: &str| {
        found.eq_ignore_ascii_case(HTML)
            || found.eq_ignore_ascii_case(JSON)
                && [JSON, EVENTS].iter().any(|of| accepted.contains(of))
    };
    !media_type(headers).is_some_and(is_document)
}

impl RawResponse {
    /// The body as server-sent events with JSON data.
    pub fn events<T: DeserializeOwned>(self) -> Result<Response<EventStream<T>>, Error> {
        self.event_stream(|text| serde_json::from_str(text))
    }

    /// The body as server-sent events with text.
    pub fn text_events(self) -> Result<Response<EventStream<String>>, Error> {
        self.event_stream(|text| Ok(text.to_owned()))
    }

    fn event_stream<T>(self, decode: Decode<T>) -> Result<Response<EventStream<T>>, Error> {
        let (received, chunks, head) = self.into_chunks(EVENT_ENDS)?;
        let events = EventStream {
            buffered: Arc::clone(&chunks.buffered),
            events: SyncStream::new(SseByteStream::new(chunks)),
            head,
            decode,
            is_over: false,
        };
        Ok(Response::new(events, received))
    }

    /// The body as one JSON value in each line.
    pub fn lines<T: DeserializeOwned>(self) -> Result<Response<JsonLines<T>>, Error> {
        let (received, chunks, head) = self.into_chunks(LINE_ENDS)?;
        let lines = JsonLines {
            buffered: Arc::clone(&chunks.buffered),
            chunks: SyncStream::new(chunks),
            text: BytesMut::new(),
            searched: 0,
            head,
            decode: |text| serde_json::from_str(text),
            is_over: false,
        };
        Ok(Response::new(lines, received))
    }

    fn into_chunks(self, ends: &'static [&'static [u8]]) -> Result<(Self, Chunks, Head), Error> {
        // Either would be a stream without items.
        let is_document = self.media_type().is_some_and(|found| {
            found.eq_ignore_ascii_case(HTML)
                || ends == EVENT_ENDS && found.eq_ignore_ascii_case(JSON)
        });
        if is_document {
            return Err(Error::undecodable_response(
                self,
                UndecodableReason::UnknownMediaType,
            ));
        }
        let (received, response, limit) = self.into_stream()?;
        let chunks = Chunks {
            stream: Box::pin(response.bytes_stream()),
            buffered: Arc::default(),
            limit,
            ends,
        };
        let head = Head {
            received: received.head(Bytes::new()),
            limit,
        };
        Ok((received, chunks, head))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_core::Stream as _;

    use super::*;

    struct Once(std::vec::IntoIter<Bytes>);

    impl Stream for Once {
        type Item = reqwest::Result<Bytes>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.next().map(Ok))
        }
    }

    /// Whether chunks pass a limit of 16 bytes for one item.
    async fn pass(ends: &'static [&'static [u8]], chunks: &[&'static str]) -> bool {
        let chunks: Vec<Bytes> = chunks
            .iter()
            .map(|text| Bytes::from_static(text.as_bytes()))
            .collect();
        let mut chunks = Chunks {
            stream: Box::pin(Once(chunks.into_iter())),
            buffered: Arc::default(),
            limit: 16,
            ends,
        };
        while let Some(chunk) = poll_fn(|cx| Pin::new(&mut chunks).poll_next(cx)).await {
            if chunk.is_err() {
                return false;
            }
        }
        true
    }

    #[tokio::test]
    async fn chunk_has_several_items_then_the_limit_is_that_of_each() {
        assert!(pass(LINE_ENDS, &["{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n"]).await);
        assert!(pass(EVENT_ENDS, &["data: 1\n\ndata: 2\n\ndata: 3\n\n"]).await);
        assert!(pass(EVENT_ENDS, &["data: 1\r\n\r\ndata: 2\r\n\r\n"]).await);
        // Comments are no events.
        assert!(pass(EVENT_ENDS, &[": ping\n\n"; 100]).await);
    }

    #[tokio::test]
    async fn item_exceeds_the_limit_then_the_stream_ends() {
        assert!(!pass(LINE_ENDS, &["12345678", "123456789\n"]).await);
        assert!(!pass(LINE_ENDS, &["1\n2345678", "90123456789"]).await);
        // An event has any number of lines.
        assert!(!pass(EVENT_ENDS, &["data: 1\n", "data: 2\n", "data: 3\n"]).await);
    }
}
