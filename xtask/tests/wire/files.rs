//! A program that uses an API with keys, forms and parameters in every place. Its only argument is the URL of the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wire_files::resources::files::ReadFileRequired;
use wire_files::types::{
    ChangeFileRequest, ReadFileFilter, ReadFileResponse, ReadFileSize, SendChoiceRequest,
    SendChoiceRequestForm, SendChoiceRequestJson, SendFormRequest, SendFormRequestPlace,
    UploadFileRequest, UploadFileRequestRequired, UploadFileRequestSettings,
};
use wire_files::{Client, Nullable, Upload, reqwest};

type Error = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let url = std::env::args().nth(1).ok_or("no URL")?;
    let client = Client::builder()
        .base_url(&url)
        .key("k3y-of-header")
        .query_key("k3y of query")
        .user("ada", "s3cr3t")
        .build()?;
    upload(&client).await?;

    let required = ReadFileRequired {
        session: "a;b",
    };
    let response = client
        .files()
        .read_file(["a b", "c/d"], required)
        .size(ReadFileSize::new().width(3).height(4))
        .formats(["png", "jpg"])
        .since("2026-01-02T03:04:05Z".parse()?)
        .filter(ReadFileFilter::new().of([1, 2]))
        .x_range([5, 6])
        .theme("dark")
        .await?;
    match response {
        ReadFileResponse::Ok(bytes) => assert_eq!(&bytes[..], b"png"),
        other => return Err(format!("found {other:?}").into()),
    }
    let later = client
        .files()
        .read_file(["later"], ReadFileRequired { session: "s" })
        .await?;
    assert!(matches!(later, ReadFileResponse::Accepted(_)), "{later:?}");

    let change = ChangeFileRequest::new().name(Nullable::Null);
    client.files().change_file("x.y", change).await?;

    let form = SendFormRequest::with_amount(5)
        .tags(["a b", "c&d"])
        .meta([("k".to_owned(), "v".to_owned())].into_iter().collect())
        .place(SendFormRequestPlace::new().x(1))
        .rows([]);
    assert_eq!(client.forms().send_form(form).await?, "thanks");

    choices(&client).await?;
    missing_credentials(&url).await
}

/// Sends a file in two forms: in memory, and as a stream that cannot be sent again.
async fn upload(client: &Client) -> Result<(), Error> {
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let picture = Upload::from(vec![7; 100_000])
        .file_name("a \"b\".png")
        .on_progress(move |progress| counted.store(progress.sent(), Ordering::Relaxed));
    let form = |picture: Upload| {
        UploadFileRequest::new(UploadFileRequestRequired {
            name: "Ada",
            picture,
        })
        .tags(["x", "y"])
        .settings(UploadFileRequestSettings::new().size(3))
    };
    // The server rejects the first attempt, and bytes in memory are sent again.
    let stored = client.files().upload_file(form(picture)).send().await?;
    assert_eq!(stored.attempts(), 2);
    assert_eq!(sent.load(Ordering::Relaxed), 100_000);

    let chunks = ["one, ", "two"].map(|chunk| Ok::<_, std::io::Error>(chunk.as_bytes()));
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    let call = client.files().upload_file(form(Upload::stream(stream)));
    let error = call.clone().await.expect_err("it is sent once");
    assert_eq!((error.attempts(), error.status().map(|s| s.as_u16())), (1, Some(429)));
    let error = call.await.expect_err("the stream is spent");
    assert!(error.is_invalid_request(), "{error}");
    Ok(())
}

/// Sends a body of each kind that the operation accepts.
async fn choices(client: &Client) -> Result<(), Error> {
    let json = SendChoiceRequestJson::with_id("a");
    let tags = SendChoiceRequestForm::new().tags(["x", "y"]);
    let parts = [("k".to_owned(), "v".to_owned())].into_iter().collect();
    for body in [
        SendChoiceRequest::Json(json),
        SendChoiceRequest::Form(tags),
        SendChoiceRequest::Multipart(parts),
        SendChoiceRequest::Csv("a,b".to_owned()),
    ] {
        client.choices().send_choice(body).await?;
    }
    let long = SendChoiceRequest::Json(SendChoiceRequestJson::with_id("abcd"));
    let error = client.choices().send_choice(long).await.expect_err("too long");
    assert!(error.is_invalid_request(), "{error}");
    Ok(())
}

async fn missing_credentials(url: &str) -> Result<(), Error> {
    let client = Client::builder().base_url(url).key("k3y-of-header").build()?;
    let required = ReadFileRequired { session: "s" };
    let error = client.files().read_file(["a"], required).await.expect_err("no password");
    assert!(error.is_configuration(), "{error}");
    let text = error.to_string();
    assert!(text.contains("`.key(…)` and `.user(…)`"), "{text}");
    assert!(!format!("{client:?} {error:?}").contains("k3y"), "{error:?}");
    Ok(())
}
