//! All output is searched for keys, proofs and tokens.

use std::fmt::Write as _;

use super::*;
use crate::secrets::Collector;

/// Recognizable pieces of a text: its lines.
fn pieces(text: &str) -> Vec<String> {
    let long = text
        .split(['\n', '.', '"', ' '])
        .filter(|piece| piece.len() >= 20);
    long.filter(|piece| !piece.starts_with("-----"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn no_output_contains_key_proofs_or_tokens() {
    let log = Collector::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    tracing::callsite::rebuild_interest_cache();
    let key = DpopKey::generate().unwrap();
    let pem = key.to_pem().unwrap();
    let mut output = format!("{key:?} {key:#?} {pem:?}");

    // The server echoes the proof, wherever possible.
    let server = responding_with(|request: &Request| {
        let proof = header(request, "dpop").to_owned();
        match request.url.query().unwrap_or_default() {
            "description" => ResponseTemplate::new(400)
                .set_body_json(json!({"error": "invalid_dpop_proof", "error_description": proof})),
            "code" => ResponseTemplate::new(401).set_body_json(json!({"error": proof})),
            "type" => ResponseTemplate::new(200)
                .set_body_json(json!({"access_token": "pl4nted-token-pl4nted", "token_type": proof})),
            "scope" => ResponseTemplate::new(200).set_body_json(
                json!({"access_token": "pl4nted-token-pl4nted", "token_type": "DPoP", "scope": proof}),
            ),
            "nonce" => challenge("pl4nted-nonce-pl4nted"),
            _ => granted("pl4nted-token-pl4nted", "DPoP"),
        }
    })
    .await;
    let mut sources = Vec::new();
    for query in ["description", "code", "type", "scope", "nonce", ""] {
        let builder = bound(&server, &key).token_url(format!("{}/token?{query}", server.uri()));
        write!(output, "{builder:?} {builder:#?}").unwrap();
        let source = builder.build().unwrap();
        write!(output, "{source:?}").unwrap();
        match source.token().await {
            Ok(token) => write!(output, "{token:?} {token:#?}").unwrap(),
            Err(error) => output.push_str(&chain(&error)),
        }
        sources.push(source);
    }
    let broken = DpopKey::from_pem(&pem.secret().replace('M', "N"));
    output.push_str(&chain(&broken.unwrap_err()));

    let proofs = server.received_requests().await.unwrap();
    let proofs = proofs.iter().map(|request| header(request, "dpop"));
    let mut secrets: Vec<_> = proofs.flat_map(pieces).collect();
    assert_eq!(secrets.len(), 3 * 7);
    secrets.extend(pieces(pem.secret()));
    secrets.push("pl4nted".to_owned());
    let log = log.text();
    assert!(
        log.contains("retrying the request with the DPoP nonce"),
        "{log}"
    );
    for printed in [output, log] {
        for secret in &secrets {
            assert!(!printed.contains(secret), "{secret} in {printed}");
        }
    }
}
