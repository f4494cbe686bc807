//! HTTP requests to the authorization server and their responses.
//!
//! The `oauth2` crate (5.0) is not used. Its `RequestTokenError` hides the status and `Retry-After`, which distinguish an
//! exceeded quota from a rejection and from a 502. Its parse error keeps the whole body, which may contain a token, and it
//! rejects an `expires_in` that is a string. It would only save the encoding of a form with six fields.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use auth0_core::RetryPolicy;
use auth0_core::codegen::{
    Attempt, AttemptOutcome, NextStep, RetryDecision, classify, next_step, requested_wait,
};
use auth0_core::proof::{DPOP, nonce_of};
use auth0_core::time::{SharedClock, SharedSleeper};
use auth0_core::{HttpClient, RetrySafety, SecretString};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use crate::background;
use crate::dpop::DpopKey;
use crate::error::{Error, Kind, Place, ResponseMetadata};
use crate::form::Form;
use crate::quota::TokenQuotas;
use crate::signing::SignError;
use crate::token_response::{self, Grant};

/// The maximum size of a response body. Real responses are much smaller.
const MAX_BODY: usize = 64 * 1024;

/// The HTTP client and policies of all requests.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) http_client: Arc<SourceClient>,
    pub(crate) clock: SharedClock,
    pub(crate) sleeper: SharedSleeper,
    pub(crate) timeout: Duration,
    pub(crate) retry: RetryPolicy,
}

/// The HTTP client of a source: the one that was set on it, or else the one of the first API client that uses the source, or
/// else a default one. For a plain http server on this machine no client is inherited: its proxy would carry the secrets in
/// plain text to another machine.
pub(crate) struct SourceClient {
    own: HttpClient,
    inherits: bool,
    inherited: OnceLock<HttpClient>,
}

impl SourceClient {
    /// Creates a client. `own` is used unless `inherits` is set and another one is inherited.
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

/// A POST request with a form.
#[derive(Clone)]
pub(crate) struct Post {
    /// The name of the endpoint in errors.
    pub(crate) endpoint: &'static str,
    pub(crate) url: Url,
    pub(crate) form: Form,
    /// User name and password of the Authorization header, both form-encoded.
    pub(crate) basic: Option<(String, SecretString)>,
    /// The DPoP proof.
    pub(crate) dpop: Option<SecretString>,
    /// Secrets to redact in the response, in addition to those in the form.
    pub(crate) secrets: Vec<SecretString>,
}

/// A complete response.
pub(crate) struct ReceivedResponse {
    /// The endpoint that sent it.
    place: Place,
    pub(crate) metadata: ResponseMetadata,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Secrets to redact in the body.
    pub(crate) secrets: Vec<SecretString>,
    /// The DPoP key that the request proved.
    pub(crate) dpop: Option<DpopKey>,
}

impl Exchange {
    /// Returns the attempts of one request. `safety` says whether it is safe to retry.
    pub(crate) fn attempts(&self, safety: RetrySafety) -> Attempts<'_> {
        Attempts {
            exchange: self,
            retry: self.retry,
            safety,
            began_at: self.clock.monotonic(),
            made: 0,
            has_nonce: false,
            nonces: 0,
        }
    }

    /// Returns a single attempt, for callers with their own retry loop.
    pub(crate) fn one_attempt(&self) -> Attempts<'_> {
        Attempts {
            retry: RetryPolicy::never(),
            ..self.attempts(RetrySafety::Unsafe)
        }
    }

    /// Sends a form once.
    pub(crate) async fn post_once(&self, post: Post) -> Result<ReceivedResponse, Error> {
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
                    SignError::new("the proof contains a character that is not valid in a header");
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
        let response = loop {
            let builder = self.http_client.reqwest().get(url.clone());
            let result = self.send(endpoint, builder, Vec::new()).await;
            if let Some(end) = attempts.end(result).await {
                break end?;
            }
        };
        let parsed = match response.metadata.status.is_success() {
            true => token_response::parse(&response.body),
            false => Err(Kind::InvalidResponse(
                "expected a document, found an error".to_owned(),
            )),
        };
        parsed.map_err(|kind| Error::with_response(response.metadata, kind).at(response.place))
    }

    async fn send(
        &self,
        endpoint: &'static str,
        builder: RequestBuilder,
        mut secrets: Vec<SecretString>,
    ) -> Result<ReceivedResponse, Error> {
        let request = builder
            .timeout(self.timeout)
            .header(ACCEPT, "application/json")
            .build()
            .map_err(Error::transport)?;
        // The encoded pair contains the secret.
        let encoded = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
            .map(SecretString::from);
        secrets.extend(encoded);
        let url = request.url().clone();
        let mut place = Place::new(endpoint, &url);
        let client = self.http_client.reqwest().clone();
        // On the background runtime, because that runtime drives the kept connection.
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
        let metadata = self.metadata(status, &headers, &secrets);
        match body {
            Ok(body) => Ok(ReceivedResponse {
                place,
                metadata,
                headers,
                body,
                secrets,
                dpop: None,
            }),
            // The status of a 429 is sufficient; an unreadable body must not hide it.
            Err(_) if metadata.status == StatusCode::TOO_MANY_REQUESTS => Ok(ReceivedResponse {
                place,
                metadata,
                headers,
                body: Vec::new(),
                secrets,
                dpop: None,
            }),
            Err(kind) => Err(Error::with_response(metadata, kind).at(place)),
        }
    }

    fn metadata(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        secrets: &[SecretString],
    ) -> ResponseMetadata {
        let received_at = self.clock.now();
        let quotas = TokenQuotas::of(headers, received_at, secrets);
        let reset = || {
            let until = quotas.as_ref()?.used_up_until()?;
            until.duration_since(received_at).ok()
        };
        let is_limited = status == StatusCode::TOO_MANY_REQUESTS;
        ResponseMetadata {
            status,
            retry_after: requested_wait(headers, status, received_at)
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
    /// Whether the current attempt was sent with a nonce that the server requested for.
    has_nonce: bool,
    /// The number of such attempts, which do not count against the policy.
    nonces: u32,
}

impl Attempts<'_> {
    /// Records an attempt and returns the result of the request. Returns `None` if the request is to be sent again; the wait
    /// before that is over then.
    pub(crate) async fn end(
        &mut self,
        result: Result<ReceivedResponse, Error>,
    ) -> Option<Result<ReceivedResponse, Error>> {
        let exchange = self.exchange;
        self.made += 1;
        let (outcome, requested_wait) = match &result {
            Ok(response) => (
                AttemptOutcome::Status(response.metadata.status),
                response.metadata.retry_after,
            ),
            Err(error) => (error.outcome(), error.retry_after()),
        };
        let response = result.as_ref().ok();
        let has_new_nonce =
            !self.has_nonce && response.is_some_and(ReceivedResponse::requires_nonce);
        self.has_nonce = has_new_nonce;
        let decision = classify(self.safety, outcome);
        // A request that exceeds a quota is not retried, however soon the quota is reset.
        let is_quota_used_up =
            response.is_some_and(|response| response.metadata.is_quota_used_up());
        let attempt = Attempt {
            decision: RetryDecision {
                is_retryable: decision.is_retryable && !is_quota_used_up,
                ..decision
            },
            attempts: self.made - self.nonces,
            elapsed: exchange.clock.monotonic().saturating_sub(self.began_at),
            requested_wait,
            jitter: fastrand::f64(),
            time_left: None,
            is_resendable: true,
            has_new_nonce,
            is_token_replaceable: false,
        };
        match next_step(&self.retry, &attempt) {
            NextStep::RetryAfter(wait) => {
                let (attempts, wait_ms) = (self.made, wait.as_millis());
                tracing::debug!(attempts, wait_ms, "retrying the request");
                exchange.sleeper.sleep(wait).await;
                None
            }
            NextStep::RetryWithNonce => {
                self.nonces += 1;
                tracing::debug!("retrying the request with the DPoP nonce of the server");
                None
            }
            _ if decision.may_have_acted => Some(result.map_err(Error::with_unknown_outcome)),
            _ => Some(result),
        }
    }
}

impl ReceivedResponse {
    /// Whether the response requires a nonce in the DPoP proof (RFC 9449 §8) and provides it. The RFC specifies status 400; a
    /// 401 means the same. The server rejected the request before it acted, so a code or a refresh token in the form is
    /// still unused.
    fn requires_nonce(&self) -> bool {
        self.dpop.is_some()
            && matches!(
                self.metadata.status,
                StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED
            )
            && nonce_of(&self.headers).is_some()
            && token_response::read_rejection(&self.body, &[])
                .is_ok_and(|rejection| rejection.error == "use_dpop_nonce")
    }

    /// Parses the token and the body of a successful response to a request for the scopes in `requested`. Returns the typed error
    /// of any other response.
    pub(crate) fn into_granted<T>(
        self,
        requested: &str,
        parse: impl FnOnce(Grant, &[u8]) -> Result<T, Kind>,
    ) -> Result<T, Error> {
        let key = self.dpop.clone();
        self.into_success(|body, secrets| {
            let grant = token_response::read_grant(body, requested, secrets, key.as_ref())?;
            parse(grant, body)
        })
    }

    /// Parses the body of a successful response. Returns the typed error of any other response.
    pub(crate) fn into_success<T>(
        self,
        parse: impl FnOnce(&[u8], &[&str]) -> Result<T, Kind>,
    ) -> Result<T, Error> {
        let secrets: Vec<&str> = self.secrets.iter().map(SecretString::secret).collect();
        let status = self.metadata.status;
        let outcome = if status == StatusCode::TOO_MANY_REQUESTS {
            Err(Kind::RateLimited(
                token_response::read_rejection(&self.body, &secrets).ok(),
            ))
        } else if status.is_success() {
            parse(&self.body, &secrets)
        } else {
            Err(token_response::read_rejection(&self.body, &secrets)
                .map_or_else(|kind| kind, Kind::Rejected))
        };
        outcome.map_err(|kind| Error::with_response(self.metadata, kind).at(self.place))
    }
}

/// Returns the target of a redirect, without user name, query and fragment, which may contain secrets.
fn location(url: &Url, headers: &HeaderMap, secrets: &[SecretString]) -> Option<String> {
    let mut url = url.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only for URLs that cannot have a user name or password.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let secrets: Vec<&str> = secrets.iter().map(SecretString::secret).collect();
    token_response::text(&String::from(url).into(), &secrets)
}

/// Reads the body up to the size limit.
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
