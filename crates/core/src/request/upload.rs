//! Files and other data that a request sends as they are.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use reqwest::Body;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest piece of bytes in memory between two reports of the progress.
const PIECE: usize = 64 * 1024;

/// Binary data of a request: bytes in memory, a file, or a stream.
///
/// Bytes and files can be sent again, so a call is retried as its operation allows. A stream can be sent once: after it was sent, the
/// call is not retried.
///
/// ```
/// use auth0_core::Upload;
///
/// let bytes = Upload::from(b"GIF89a".to_vec()).file_name("logo.gif").content_type("image/gif");
/// let file = Upload::file("video.mp4").on_progress(|progress| {
///     println!("{} of {:?} bytes", progress.sent(), progress.total());
/// });
/// # let _ = (bytes, file);
/// ```
#[derive(Clone)]
pub struct Upload {
    source: Source,
    file_name: Option<String>,
    content_type: Option<String>,
    progress: Option<Arc<dyn Fn(UploadProgress) + Send + Sync>>,
}

#[derive(Clone)]
enum Source {
    Bytes(Bytes),
    File(PathBuf),
    /// Taken by the first attempt.
    Stream(Arc<Mutex<Option<Body>>>, Option<u64>),
}

/// How much of an [`Upload`] was handed to the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadProgress {
    sent: u64,
    total: Option<u64>,
}

impl UploadProgress {
    /// Returns the number of bytes that were handed to the connection. It begins again at 0 if the call is retried.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Returns the number of bytes of the upload, if it is known.
    pub fn total(&self) -> Option<u64> {
        self.total
    }
}

impl Upload {
    fn new(source: Source) -> Self {
        Self {
            source,
            file_name: None,
            content_type: None,
            progress: None,
        }
    }

    /// Reads the file at `path` while it is sent. Its name is the file name of the upload. The file is opened by each attempt.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().and_then(|name| name.to_str());
        let file_name = name.map(str::to_owned);
        Self {
            file_name,
            ..Self::new(Source::File(path))
        }
    }

    /// Sends a stream, such as `reqwest::Body::wrap_stream(…)` or an open `tokio::fs::File`.
    pub fn stream(body: impl Into<Body>) -> Self {
        Self::new(Source::Stream(
            Arc::new(Mutex::new(Some(body.into()))),
            None,
        ))
    }

    /// Sends a stream of `length` bytes. Some servers require the length.
    pub fn stream_with_length(body: impl Into<Body>, length: u64) -> Self {
        Self::new(Source::Stream(
            Arc::new(Mutex::new(Some(body.into()))),
            Some(length),
        ))
    }

    /// Sets the file name, which a part of a form is sent with. Default: that of the file; otherwise the name of the part.
    #[must_use]
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Sets the media type. Default: that of the document, otherwise `application/octet-stream`.
    #[must_use]
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.content_type = Some(media_type.into());
        self
    }

    /// Calls `report` each time that a piece was handed to the connection.
    #[must_use]
    pub fn on_progress(mut self, report: impl Fn(UploadProgress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    pub(super) fn media_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// Whether the data can be sent again.
    pub(super) fn is_replayable(&self) -> bool {
        !matches!(self.source, Source::Stream(..))
    }

    /// The data for one attempt, with its length if it is known.
    pub(super) async fn body(&self) -> io::Result<(Body, Option<u64>)> {
        let (body, length) = match &self.source {
            Source::Bytes(bytes) => (Body::from(bytes.clone()), Some(bytes.len() as u64)),
            Source::File(path) => {
                let file = tokio::fs::File::open(path).await?;
                let length = file.metadata().await?.len();
                (Body::from(file), Some(length))
            }
            Source::Stream(stream, length) => {
                let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
                let stream = stream
                    .take()
                    .ok_or_else(|| io::Error::other("the stream was sent before"))?;
                (stream, *length)
            }
        };
        let body = match &self.progress {
            None => body,
            Some(report) => Body::wrap(Reporting {
                body,
                rest: Bytes::new(),
                progress: UploadProgress {
                    sent: 0,
                    total: length,
                },
                report: Arc::clone(report),
            }),
        };
        Ok((body, length))
    }
}

/// A body that reports what is read from it.
struct Reporting {
    body: Body,
    /// What is left of a large frame.
    rest: Bytes,
    progress: UploadProgress,
    report: Arc<dyn Fn(UploadProgress) + Send + Sync>,
}

impl http_body::Body for Reporting {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        let this = &mut *self;
        if this.rest.is_empty() {
            match http_body::Body::poll_frame(Pin::new(&mut this.body), cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                other => return other,
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        this.progress.sent += piece.len() as u64;
        (this.report)(this.progress);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && http_body::Body::is_end_stream(&self.body)
    }

    fn size_hint(&self) -> SizeHint {
        self.progress.total.map_or_else(SizeHint::default, |total| {
            SizeHint::with_exact(total.saturating_sub(self.progress.sent))
        })
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = match &self.source {
            Source::Bytes(bytes) => Some(bytes.len() as u64),
            Source::File(_) => None,
            Source::Stream(_, length) => *length,
        };
        f.debug_struct("Upload")
            .field("file_name", &self.file_name)
            .field("content_type", &self.content_type)
            .field("length", &length)
            .finish_non_exhaustive()
    }
}

macro_rules! from_bytes {
    ($($ty:ty),*) => {$(
        impl From<$ty> for Upload {
            fn from(bytes: $ty) -> Self {
                Self::new(Source::Bytes(bytes.into()))
            }
        }
    )*};
}

from_bytes!(Bytes, Vec<u8>, String, &'static str, &'static [u8]);

/// Required by the types that contain an upload. Always an error: an upload is a body or a part of a form, not a JSON value.
impl Serialize for Upload {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom(
            "an upload cannot be serialized, expected a part of a form",
        ))
    }
}

/// Required by the types that contain an upload. Always an error.
impl<'de> Deserialize<'de> for Upload {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("an upload cannot be deserialized"))
    }
}
