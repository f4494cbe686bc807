//! Simulates a user with a browser over plain HTTP: logging in, and approving or denying a device.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use url::{Url, form_urlencoded};

/// Opens `authorize_url` as the account `login_hint`, which logs in and consents. An unknown account name denies.
/// Returns the first URL that is not the provider's: the redirect to the client with `code` or `error`.
pub(crate) async fn login(authorize_url: &str, login_hint: &str) -> Url {
    let mut url = Url::parse(authorize_url).unwrap();
    url.query_pairs_mut().append_pair("login_hint", login_hint);
    let mut browser = Browser::new();
    match browser.open(url).await {
        Stop::Elsewhere(url) => url,
        Stop::Page(text) => panic!("expected a redirect to the client, found a page: {text}"),
    }
}

/// The decision of the user about a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceDecision {
    Allow,
    Deny,
}

/// Opens the `verification_uri_complete` of a device flow and submits the decision. The account is the `login_hint` of
/// the device's request, or `ada`. Returns the last page.
pub(crate) async fn submit_device_decision(
    verification_uri_complete: &str,
    answer: DeviceDecision,
) -> String {
    let url = Url::parse(verification_uri_complete).unwrap();
    let mut browser = Browser::new();
    let Stop::Page(form) = browser.open(url.clone()).await else {
        panic!("expected a form");
    };
    let word = match answer {
        DeviceDecision::Allow => "confirm",
        DeviceDecision::Deny => "abort",
    };
    let fields = [
        ("xsrf", value_of(&form, "xsrf")),
        ("user_code", value_of(&form, "user_code")),
        (word, "yes"),
    ];
    match browser.submit(url, &fields).await {
        Stop::Page(text) => text,
        Stop::Elsewhere(url) => panic!("expected a page, found a redirect to {url}"),
    }
}

/// The value of a field in the provider's HTML, which always writes name and value in this form.
fn value_of<'p>(page: &'p str, field: &str) -> &'p str {
    let start = format!("name=\"{field}\" value=\"");
    let (_, rest) = page.split_once(&start).unwrap();
    rest.split_once('"').unwrap().0
}

/// Where the redirects end.
enum Stop {
    Page(String),
    /// The URL of another server, which was not requested.
    Elsewhere(Url),
}

/// Follows redirects step by step and keeps cookies by name and path.
struct Browser {
    client: Client,
    cookies: BTreeMap<(String, String), String>,
}

impl Browser {
    fn new() -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none());
        Self {
            client: client.build().unwrap(),
            cookies: BTreeMap::new(),
        }
    }

    async fn open(&mut self, url: Url) -> Stop {
        let request = self.client.get(url.clone());
        self.visit(url, request).await
    }

    async fn submit(&mut self, mut url: Url, fields: &[(&str, &str)]) -> Stop {
        url.set_query(None);
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .client
            .post(url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        self.visit(url, request).await
    }

    async fn visit(&mut self, mut url: Url, mut request: RequestBuilder) -> Stop {
        for _ in 0..20 {
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .filter(|((_, path), _)| url.path().starts_with(path.as_str()))
                .map(|((name, _), value)| format!("{name}={value}"))
                .collect();
            let request_now = request.header(COOKIE, cookies.join("; "));
            let response = request_now.send().await.unwrap();
            self.keep_cookies(&response);
            let Some(location) = response.headers().get(LOCATION) else {
                return Stop::Page(response.text().await.unwrap());
            };
            let next = url.join(location.to_str().unwrap()).unwrap();
            if next.origin() != url.origin() {
                return Stop::Elsewhere(next);
            }
            request = self.client.get(next.clone());
            url = next;
        }
        panic!("redirect loop at {url}");
    }

    fn keep_cookies(&mut self, response: &Response) {
        for cookie in response.headers().get_all(SET_COOKIE) {
            let mut parts = cookie.to_str().unwrap().split("; ");
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            let path = parts.find_map(|part| part.strip_prefix("path="));
            let key = (name.to_owned(), path.unwrap_or("/").to_owned());
            // An empty cookie deletes it.
            if value.is_empty() {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, value.to_owned());
            }
        }
    }
}
