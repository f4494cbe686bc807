//! A program that reads server-sent events and lines of JSON. Its only argument is the URL of the server.

use wire_events::Client;
use wire_events::types::{CompleteRequest, CompleteResponse};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("no URL")?;
    let client = Client::builder().base_url(&url).build()?;

    let mut events = client.events().read().last_event_id("41").await?;
    let first = events.try_next().await?.ok_or("no event")?;
    assert_eq!((first.name(), first.id()), (Some("tick"), Some("42")));
    assert_eq!(serde_json::to_value(first.data())?["count"], 1);
    let error = events.try_next().await.expect_err("it is not JSON");
    assert!(error.is_undecodable(), "{error}");
    let third = events.try_next().await?.ok_or("no third event")?;
    assert_eq!(serde_json::to_value(third.data())?["count"], 3);
    let error = events.try_next().await.expect_err("the connection is lost");
    assert!(error.is_undecodable(), "{error}");
    assert!(events.try_next().await?.is_none());

    let mut lines = client.lines().read().await?;
    let mut counts = Vec::new();
    while let Some(line) = lines.try_next().await? {
        counts.push(serde_json::to_value(line)?["count"].clone());
    }
    assert_eq!(counts, [1, 2]);

    let call = |stream| client.completions().complete(CompleteRequest::with_stream(stream));
    match call(false).await? {
        CompleteResponse::Json(whole) => assert_eq!(serde_json::to_value(whole)?["text"], "ab"),
        other => return Err(format!("found {other:?}").into()),
    }
    let CompleteResponse::Events(mut events) = call(true).await? else {
        return Err("expected events".into());
    };
    let mut text = String::new();
    while let Some(event) = events.try_next().await? {
        text.push_str(event.data());
    }
    assert_eq!(text, "ab[DONE]");
    Ok(())
}
