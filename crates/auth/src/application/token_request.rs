//! Token requests with a DPoP proof (RFC 9449 §5).

use auth0_core::http::Method;
use auth0_core::proof::{ProofOfPossession as _, ProofRequest, ServerRole, nonce_of};

use super::Application;
use crate::discovery::Endpoint;
use crate::error::{Error, Kind};
use crate::exchange::{Post, ReceivedResponse};

impl Application {
    /// Sends a form once, with a proof if the token is to be bound to a key. Client assertion and proof are new for each
    /// attempt, because the server may have recorded those of an earlier one.
    pub(super) async fn attempt(
        &self,
        endpoint: Endpoint,
        post: Post,
    ) -> Result<ReceivedResponse, Error> {
        let Some(key) = self.dpop.as_ref().filter(|_| endpoint == Endpoint::Token) else {
            return self.exchange.post_once(self.with_proof(post).await?).await;
        };
        let url = post.url.clone();
        let mut post = self.with_proof(post).await?;
        let proof = key.prove(ProofRequest::new(&Method::POST, &url));
        post.dpop = Some(proof.map_err(|error| Error::of(Kind::Signing(error)))?);
        let mut response = self.exchange.post_once(post).await?;
        if let Some(nonce) = nonce_of(&response.headers) {
            key.nonce(ServerRole::AuthorizationServer, &url, nonce);
        }
        response.dpop = Some(key.clone());
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use auth0_core::{HttpClient, RetryPolicy, RetrySafety};
    use reqwest::StatusCode;
    use serde_json::json;
    use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers};

    use super::*;
    use crate::application::{Needs, Settings};
    use crate::dpop::DpopKey;
    use crate::form::Form;

    /// A server whose endpoints all require the nonce `n1`, and a public client of it without retries.
    async fn strict_server() -> (MockServer, Application) {
        let server = MockServer::start().await;
        let issuer = server.uri();
        let answer = move |request: &Request| {
            if request.url.path().starts_with("/.well-known/") {
                return ResponseTemplate::new(200).set_body_json(json!({
                    "issuer": issuer,
                    "token_endpoint": format!("{issuer}/token"),
                    "device_authorization_endpoint": format!("{issuer}/device"),
                }));
            }
            ResponseTemplate::new(400)
                .set_body_json(json!({"error": "use_dpop_nonce"}))
                .insert_header("dpop-nonce", "n1")
        };
        let mock = Mock::given(matchers::any()).respond_with(answer);
        mock.mount(&server).await;
        let mut settings = Settings::new("acme.us.auth0.com".into());
        settings.issuer = Some(server.uri());
        settings.client_id = "client".into();
        settings.retry = RetryPolicy::never();
        settings.dpop = Some(DpopKey::generate().unwrap());
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
        settings.http_client = Some(HttpClient::from_builder(client).unwrap());
        let application = settings.build(Needs::Nothing, Vec::new()).unwrap();
        (server, application)
    }

    /// The number of requests to `path`, and how many of them had a proof.
    async fn counts(server: &MockServer, path: &str) -> (usize, usize) {
        let received = server.received_requests().await.unwrap();
        let sent = || received.iter().filter(|request| request.url.path() == path);
        let proven = sent().filter(|request| request.headers.contains_key("dpop"));
        (sent().count(), proven.count())
    }

    #[tokio::test]
    async fn single_use_form_is_retried_for_a_nonce_with_a_known_outcome() {
        let (server, application) = strict_server().await;
        let form = Form::of_grant("authorization_code").field("code", "c0de");
        let response = application.post(Endpoint::Token, &form, RetrySafety::Unsafe);
        let error = response
            .await
            .unwrap()
            .into_granted("", |grant, _| Ok(grant));
        let error = error.unwrap_err();
        assert_eq!(error.error(), Some("use_dpop_nonce"));
        assert!(!error.is_outcome_unknown());
        assert_eq!(counts(&server, "/token").await, (2, 2));
        let received = server.received_requests().await.unwrap();
        let mut bodies = received.iter().map(|request| &request.body);
        assert!(bodies.next_back() == bodies.next_back());
    }

    #[tokio::test]
    async fn other_endpoints_receive_no_proof() {
        let (server, application) = strict_server().await;
        let form = Form::default().field("scope", "openid");
        let response = application.post(Endpoint::DeviceAuthorization, &form, RetrySafety::Safe);
        assert_eq!(
            response.await.unwrap().metadata.status,
            StatusCode::BAD_REQUEST
        );
        assert_eq!(counts(&server, "/device").await, (1, 0));
    }
}
