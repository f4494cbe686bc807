//! Downloads a document over https, or http on this machine, with limits on time and size.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use super::address::{self, shown};
use super::etag::Etag;
use super::rejection;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::spec::document;

/// Maximum number of redirects; more indicate a loop.
const MAX_REDIRECTS: usize = 10;

/// Limits for a download.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The timeout for connecting.
    pub connect: Duration,
    /// The timeout for a pause without any data.
    pub idle: Duration,
    /// The timeout for the whole download.
    pub total: Duration,
    /// The maximum size of the document in bytes.
    pub bytes: u64,
}

impl Default for Limits {
    /// 10 s to connect, 30 s without data, and 5 min in total, which is enough for the largest allowed document at
    /// 2 Mbit/s.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(300),
            bytes: document::LIMIT,
        }
    }
}

/// The outcome of a download.
#[derive(Debug)]
pub enum DownloadOutcome {
    /// The document.
    Document(Download),
    /// The document still has the entity tag that was sent.
    NotModified,
}

/// A downloaded document.
#[derive(Debug)]
pub struct Download {
    /// The contents.
    pub bytes: Vec<u8>,
    /// The entity tag.
    pub etag: Option<Etag>,
    /// The final URL after redirects, formatted for people.
    pub from: String,
}

/// Downloads the document at `address`. With an entity tag, the request is conditional.
pub fn get(
    address: &Url,
    etag: Option<&Etag>,
    limits: &Limits,
    progress: &Progress,
) -> Result<DownloadOutcome, Problem> {
    let not_set_up = |found: String| {
        Problem::at("", "the HTTP client cannot be set up")
            .found(found)
            .help("save the document by other means and pass the file: --from FILE")
    };
    let client = client(address, limits).map_err(|error| not_set_up(rejection::cause(&error)))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| not_set_up(error.to_string()))?;
    let exchange = Exchange {
        limits,
        progress,
        received: Cell::new(0),
    };
    runtime.block_on(async {
        match tokio::time::timeout(limits.total, exchange.run(&client, address, etag)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(rejection::too_slow(exchange.received.get(), limits)),
        }
    })
}

fn client(address: &Url, limits: &Limits) -> reqwest::Result<Client> {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::ACCEPT,
        header::HeaderValue::from_static("application/json, application/yaml, */*;q=0.5"),
    );
    // Digest and size limit apply to the bytes received, so they must not be compressed.
    headers.insert(
        header::ACCEPT_ENCODING,
        header::HeaderValue::from_static("identity"),
    );
    let client = Client::builder()
        .user_agent(concat!("xtask/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .connect_timeout(limits.connect)
        .read_timeout(limits.idle)
        .referer(false)
        .retry(reqwest::retry::never())
        .redirect(Policy::custom(follow));
    // Requests to this machine do not use the proxies of the environment.
    if address.scheme() == "http" {
        client.no_proxy().build()
    } else {
        client.build()
    }
}

fn follow(attempt: Attempt<'_>) -> Action {
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error(Redirected::TooMany);
    }
    let to = attempt.url();
    let last = attempt.previous().last();
    if last.is_some_and(|from| address::may_redirect(from, to)) {
        return attempt.follow();
    }
    let to = shown(to);
    attempt.error(Redirected::Forbidden(to))
}

/// A redirect that is not followed.
#[derive(Debug)]
pub(super) enum Redirected {
    /// There were too many redirects.
    TooMany,
    /// The target must not be fetched.
    Forbidden(String),
}

impl fmt::Display for Redirected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "more than {MAX_REDIRECTS} redirects"),
            Self::Forbidden(to) => write!(f, "a redirect to {to}"),
        }
    }
}

impl Error for Redirected {}

struct Exchange<'a> {
    limits: &'a Limits,
    progress: &'a Progress,
    received: Cell<u64>,
}

impl Exchange<'_> {
    async fn run(
        &self,
        client: &Client,
        address: &Url,
        etag: Option<&Etag>,
    ) -> Result<DownloadOutcome, Problem> {
        let mut request = client.get(address.clone());
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag.as_str());
        }
        let response = request
            .send()
            .await
            .map_err(|error| rejection::no_response(&error, self.limits))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if etag.is_some() => return Ok(DownloadOutcome::NotModified),
            _ => return Err(rejection::status(&response, address)),
        }
        if let Some(coding) = response.headers().get(header::CONTENT_ENCODING)
            && coding != "identity"
        {
            return Err(rejection::compressed(coding));
        }
        let etag = response
            .headers()
            .get(header::ETAG)
            .and_then(|tag| tag.to_str().ok())
            .and_then(Etag::parse);
        let from = shown(response.url());
        let bytes = self.body(response).await?;
        Ok(DownloadOutcome::Document(Download { bytes, etag, from }))
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Problem> {
        let length = response.content_length();
        if length.is_some_and(|length| length > self.limits.bytes) {
            return Err(rejection::too_large(length, self.limits));
        }
        self.progress.expect_bytes(length);
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| {
            rejection::incomplete(&error, self.received.get(), length, self.limits)
        })? {
            bytes.extend_from_slice(&chunk);
            self.received.set(bytes.len() as u64);
            if self.received.get() > self.limits.bytes {
                return Err(rejection::too_large(None, self.limits));
            }
            self.progress.received(self.received.get());
        }
        Ok(bytes)
    }
}
