//! How requests go to a server and answers are read, whatever they are for.
//!
//! The requests are written here and not by the `oauth2` crate (5.0). What every flow needs from an answer is lost
//! behind its `RequestTokenError`: the status and `Retry-After`, without which a used-up quota cannot be told from
//! a refusal, and a 502 not from anything. Its parse error keeps the whole body, which may hold a token, and
//! an `expires_in` that is a string is an error there. What it would save is the encoding of a form of six fields.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use auth0_core::proof::DPOP;
use auth0_core::time::{SharedClock, SharedSleeper};
use auth0_core::{HttpClient, RetrySafety, SecretString};
use auth0_core::{
    RetryPolicy,
    codegen::{AttemptOutcome, classify, wait_asked_for},
};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use crate::answer::{self, Grant};
use crate::background;
use crate::dpop::DpopKey;
use crate::error::{Answer, Error, Kind, Place};
use crate::form::Form;
use crate::quota::TokenQuotas;
use crate::signing::SignError;

/// No answer of these endpoints comes near this size; what is longer is not one.
const MAX_BODY: usize = 64 * 1024;

/// The means of every request.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) http_client: Arc<SourceClient>,
    pub(crate) clock: SharedClock,
    pub(crate) sleeper: SharedSleeper,
    pub(crate) timeout: Duration,
    pub(crate) retry: RetryPolicy,
}

/// The HTTP client of a source: the one that was set on it, else the one that was set on the first API client that uses the
/// source, else a default one. A server that is reached by plain http, on this machine, gets no inherited one: a proxy of it
/// would carry the secrets in clear to another machine.
pub(crate) struct SourceClient {
    own: HttpClient,
    inherits: bool,
    inherited: OnceLock<HttpClient>,
}

impl SourceClient {
    /// `own` is used unless another one is inherited, which only happens if `inherits`.
    pub(crate) fn new(own: HttpClient, inherits: bool) -> Self {
        Self {
            own,
            inherits,
            inherited: OnceLock::new(),
        }
    }

    pub(crate) fn inherit(&self, client: &HttpClient) {
        if self.inherits {
            self.inherited.get_or_init(|| client.clone());
        }
    }

    fn reqwest(&self) -> &reqwest::Client {
        self.inherited.get().unwrap_or(&self.own).reqwest()
    }
}

/// One request with a form.
#[derive(Clone)]
pub(crate) struct Post {
    /// What an error calls the endpoint.
    pub(crate) endpoint: &'static str,
    pub(crate) url: Url,
    pub(crate) form: Form,
    /// User name and password of the Authorization header, both encoded as for a form.
    pub(crate) basic: Option<(String, SecretString)>,
    /// The proof of the key that the token shall be bound to.
    pub(crate) dpop: Option<SecretString>,
    /// What must not be repeated from the answer, beyond the secrets in the form.
    pub(crate) secrets: Vec<SecretString>,
}

/// An answer that was read to its end.
pub(crate) struct Read {
    /// Where it came from.
    place: Place,
    pub(crate) answer: Answer,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// What must not be repeated from the body.
    pub(crate) secrets: Vec<SecretString>,
    /// The key that the request proved.
    pub(crate) dpop: Option<DpopKey>,
}

impl Exchange {
    /// The attempts of one request. `safety` says whether the server may be asked twice.
    pub(crate) fn attempts(&self, safety: RetrySafety) -> Attempts<'_> {
        Attempts {
            exchange: self,
            retry: self.retry,
            safety,
            began_at: self.clock.monotonic(),
            made: 0,
        }
    }

    /// A single attempt, of somebody who decides by itself when to make the next.
    pub(crate) fn one_attempt(&self) -> Attempts<'_> {
        Attempts {
            retry: RetryPolicy::never(),
            ..self.attempts(RetrySafety::Unsafe)
        }
    }

    /// Sends a form once.
    pub(crate) async fn post_once(&self, post: Post) -> Result<Read, Error> {
        let mut builder = self
            .http_client
            .reqwest()
            .post(post.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(post.form.encoded());
        if let Some((user, password)) = &post.basic {
            builder = builder.basic_auth(user, Some(password.secret()));
        }
        if let Some(proof) = &post.dpop {
            let mut value = HeaderValue::from_str(proof.secret()).map_err(|_| {
                let unfit =
                    SignError::new("the proof holds a character that a header cannot carry");
                Error::of(Kind::Signing(unfit))
            })?;
            value.set_sensitive(true);
            builder = builder.header(DPOP, value);
        }
        let mut secrets = post.form.secrets();
        secrets.extend(post.basic.map(|(_, password)| password));
        secrets.extend(post.dpop);
        secrets.extend(post.secrets);
        self.send(post.endpoint, builder, secrets).await
    }

    /// Gets a JSON document, with the usual retries. An error calls the place of it `endpoint`.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        endpoint: &'static str,
        url: Url,
    ) -> Result<T, Error> {
        let mut attempts = self.attempts(RetrySafety::Safe);
        let read = loop {
            let builder = self.http_client.reqwest().get(url.clone());
            let result = self.send(endpoint, builder, Vec::new()).await;
            if let Some(end) = attempts.end(result).await {
                break end?;
            }
        };
        let parsed = match read.answer.status.is_success() {
            true => answer::parse(&read.body),
            false => Err(Kind::InvalidResponse(
                "expected a document, found an error".to_owned(),
            )),
        };
        parsed.map_err(|kind| Error::answered(read.answer, kind).at(read.place))
    }

    async fn send(
        &self,
        endpoint: &'static str,
        builder: RequestBuilder,
        mut secrets: Vec<SecretString>,
    ) -> Result<Read, Error> {
        let request = builder
            .timeout(self.timeout)
            .header(ACCEPT, "application/json")
            .build()
            .map_err(Error::transport)?;
        // The encoded pair is as good as the secret in it.
        let encoded = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
            .map(SecretString::from);
        secrets.extend(encoded);
        let url = request.url().clone();
        let mut place = Place::new(endpoint, &url);
        let client = self.http_client.reqwest().clone();
        // In the background, because the connection is kept: it is driven by the runtime that it was made on.
        let sent = background::run(async move {
            let mut response = client.execute(request).await.map_err(Error::transport)?;
            let headers = std::mem::take(response.headers_mut());
            Ok::<_, Error>((response.status(), headers, body(response).await))
        });
        let (status, headers, body) = match sent.await.flatten() {
            Ok(received) => received,
            Err(error) => return Err(error.at(place)),
        };
        if status.is_redirection() {
            place.location = location(&url, &headers, &secrets);
        }
        let answer = self.answer(status, &headers, &secrets);
        match body {
            Ok(body) => Ok(Read {
                place,
                answer,
                headers,
                body,
                secrets,
                dpop: None,
            }),
            // The status alone says what a 429 means, and a body that cannot be read must not hide it.
            Err(_) if answer.status == StatusCode::TOO_MANY_REQUESTS => Ok(Read {
                place,
                answer,
                headers,
                body: Vec::new(),
                secrets,
                dpop: None,
            }),
            Err(kind) => Err(Error::answered(answer, kind).at(place)),
        }
    }

    fn answer(&self, status: StatusCode, headers: &HeaderMap, secrets: &[SecretString]) -> Answer {
        let received_at = self.clock.now();
        let quotas = TokenQuotas::of(headers, received_at, secrets);
        let reset = || {
            let until = quotas.as_ref()?.used_up_until()?;
            until.duration_since(received_at).ok()
        };
        let is_limited = status == StatusCode::TOO_MANY_REQUESTS;
        Answer {
            status,
            retry_after: wait_asked_for(headers, status, received_at)
                .or_else(|| reset().filter(|_| is_limited)),
            received_at,
            quotas,
        }
    }
}

/// The attempts of one request.
pub(crate) struct Attempts<'a> {
    exchange: &'a Exchange,
    retry: RetryPolicy,
    safety: RetrySafety,
    began_at: Duration,
    made: u32,
}

impl Attempts<'_> {
    /// How the request ends with this attempt. Nothing if it does not: another one is to be made now, and the time to
    /// wait for that has passed.
    pub(crate) async fn end(&mut self, result: Result<Read, Error>) -> Option<Result<Read, Error>> {
        let exchange = self.exchange;
        self.made += 1;
        let (outcome, asked) = match &result {
            Ok(read) => (
                AttemptOutcome::Status(read.answer.status),
                read.answer.retry_after,
            ),
            Err(error) => (error.outcome(), error.retry_after()),
        };
        // A quota is not waited for, however soon it has tokens again.
        let is_used_up = result
            .as_ref()
            .is_ok_and(|read| read.answer.is_quota_used_up());
        let decision = classify(self.safety, outcome);
        let passed = exchange.clock.monotonic().saturating_sub(self.began_at);
        let wait = self.retry.wait(self.made, passed, asked, fastrand::f64());
        match wait.filter(|_| decision.repeatable && !is_used_up) {
            Some(wait) => {
                let (attempts, wait_ms) = (self.made, wait.as_millis());
                tracing::debug!(attempts, wait_ms, "a request is sent again");
                exchange.sleeper.sleep(wait).await;
                None
            }
            None if decision.may_have_acted => Some(result.map_err(Error::with_unknown_outcome)),
            None => Some(result),
        }
    }
}

impl Read {
    /// What `read` makes of the token that the response to a request for the scopes in `asked` grants, and of the body; the
    /// typed error otherwise.
    pub(crate) fn into_granted<T>(
        self,
        asked: &str,
        read: impl FnOnce(Grant, &[u8]) -> Result<T, Kind>,
    ) -> Result<T, Error> {
        let key = self.dpop.clone();
        self.into_success(|body, secrets| {
            let grant = answer::read_grant(body, asked, secrets, key.as_ref())?;
            read(grant, body)
        })
    }

    /// What the answer says, if it is a success; the typed refusal otherwise.
    pub(crate) fn into_success<T>(
        self,
        read: impl FnOnce(&[u8], &[&str]) -> Result<T, Kind>,
    ) -> Result<T, Error> {
        let secrets: Vec<&str> = self.secrets.iter().map(SecretString::secret).collect();
        let status = self.answer.status;
        let outcome = if status == StatusCode::TOO_MANY_REQUESTS {
            Err(Kind::RateLimited(
                answer::read_rejection(&self.body, &secrets).ok(),
            ))
        } else if status.is_success() {
            read(&self.body, &secrets)
        } else {
            Err(answer::read_rejection(&self.body, &secrets)
                .map_or_else(|kind| kind, Kind::Rejected))
        };
        outcome.map_err(|kind| Error::answered(self.answer, kind).at(self.place))
    }
}

/// Where a response redirects to, without user name, query and fragment, which may hold secrets.
fn location(url: &Url, headers: &HeaderMap, secrets: &[SecretString]) -> Option<String> {
    let mut url = url.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    // Both fail for a URL that can have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let secrets: Vec<&str> = secrets.iter().map(SecretString::secret).collect();
    answer::text(&String::from(url).into(), &secrets)
}

/// The body, as long as it is not longer than the limit.
async fn body(mut response: Response) -> Result<Vec<u8>, Kind> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| Kind::Transport(error.without_url()))?
    {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(Kind::InvalidResponse(format!(
                "expected at most {MAX_BODY} bytes, found more"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
