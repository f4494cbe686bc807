//! The cost of a cached token, for one caller and for 64; the number of token requests if ten thousand callers need a
//! token at once; and the cost of a `private_key_jwt` signature and a DPoP proof, compared with the JOSE crate.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use auth0_auth::{ClientCredentials, DpopKey, PrivateKey, Signer as _, SigningAlgorithm};
use auth0_core::http::Method;
use auth0_core::proof::{ProofOfPossession as _, ProofRequest, ServerRole};
use auth0_core::{HttpClient, SecretString, TokenSource};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use benches::pair::Pair;
use benches::server;
use criterion::Criterion;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::json;

const CALLERS: usize = 10_000;

/// Tasks that use the cached token concurrently.
const TASKS: usize = 64;

/// Cache hits per task.
const HITS: usize = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let fetched = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&fetched);
    let grant =
        json!({"access_token": "t".repeat(700), "token_type": "Bearer", "expires_in": 86_400});
    let grant = server::ok(&grant.to_string());
    let address = server::start_with(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        grant.clone()
    })?;
    let source = ClientCredentials::builder("acme-auth.us.auth0.com")
        .token_url(format!("http://{address}/oauth/token"))
        .client_id("id")
        .client_secret("secret")
        .audience("https://acme.teams.auth0.com/api/")
        .http_client(HttpClient::direct()?)
        .build()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tokens = runtime.block_on(join_all((0..CALLERS).map(|_| source.token())));
    assert!(
        tokens.iter().all(Result::is_ok),
        "every caller obtains a token"
    );
    let fetched = fetched.load(Ordering::Relaxed);
    assert_eq!(fetched, 1, "requests for {CALLERS} callers");
    println!("{CALLERS} callers at once: {fetched} token request\n");

    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("token/cache hit (at most 200 ns)", |bencher| {
        bencher.iter(|| black_box(source.token().now_or_never()));
    });
    hits_of_many_tasks(&source)?;
    assertions(&mut criterion)?;
    proof(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// The cost of a cache hit while all cores use the same token.
#[allow(clippy::disallowed_methods)] // A benchmark measures real time.
fn hits_of_many_tasks(source: &ClientCredentials) -> Result<(), Box<dyn Error>> {
    let workers = std::thread::available_parallelism()?.get();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .build()?;
    let mut times: Vec<Duration> = (0..9)
        .map(|_| {
            let start = Instant::now();
            let tasks = (0..TASKS).map(|_| {
                let source = source.clone();
                runtime.spawn(async move {
                    for _ in 0..HITS {
                        black_box(source.token().await.is_ok());
                    }
                })
            });
            let tasks: Vec<_> = tasks.collect();
            runtime.block_on(join_all(tasks));
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    // The time per hit and core.
    let hit = times[times.len() / 2].as_nanos() * workers as u128 / (TASKS * HITS) as u128;
    println!("token/cache hit of {TASKS} tasks on {workers} cores: {hit} ns (at most 1000 ns)\n");
    Ok(())
}

/// The claims of an assertion, for the comparison.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    jti: &'a str,
}

/// The signature of an assertion, compared with that of the JOSE crate.
fn assertions(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?.to_pkcs8v1()?;
    let rsa: Pkcs8V1Der<'_> = KeyPair::generate(KeySize::Rsa2048)?.as_der()?;
    for (algorithm, jose, der) in [
        (SigningAlgorithm::Es256, Algorithm::ES256, ec.as_ref()),
        (SigningAlgorithm::Rs256, Algorithm::RS256, rsa.as_ref()),
    ] {
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
        let ours = PrivateKey::from_pem(&pem, algorithm)?.with_key_id("key");
        let theirs = match jose {
            Algorithm::ES256 => EncodingKey::from_ec_pem(pem.as_bytes())?,
            _ => EncodingKey::from_rsa_pem(pem.as_bytes())?,
        };
        let mut header = Header::new(jose);
        header.kid = Some("key".to_owned());
        let (client, issuer) = (
            "a8Cq0ZsP1nXq7T5vJ2eLrWm4",
            "https://acme-auth.us.auth0.com/",
        );
        let claims = Claims {
            iss: client,
            sub: client,
            aud: issuer,
            iat: 1_800_000_000,
            exp: 1_800_000_120,
            jti: "0123456789012345678901234567890123456789012",
        };
        let assertion = jsonwebtoken::encode(&header, &claims, &theirs)?;
        let (message, _) = assertion.rsplit_once('.').ok_or("no signature")?;
        let message = message.as_bytes();
        let mut group = criterion.benchmark_group(format!("token/{} assertion", algorithm.name()));
        Pair {
            theirs: "jsonwebtoken-sign",
            at_most: 1.2,
        }
        .measure(
            &mut group,
            || time(|| ours.sign(black_box(message)).now_or_never()),
            || time(|| jsonwebtoken::crypto::sign(black_box(message), &theirs, jose)),
        );
        group.finish();
    }
    Ok(())
}

fn proof(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let key = DpopKey::generate()?;
    let same = EncodingKey::from_ec_pem(key.to_pem()?.secret().as_bytes())?;
    let url = "https://acme.teams.auth0.com/api/v1/teams/members?take=50".parse()?;
    let token = SecretString::from("t".repeat(700));
    let request = ProofRequest::new(&Method::GET, &url).with_access_token(&token);
    // With a nonce the proof has its maximum length.
    key.nonce(ServerRole::ResourceServer, &url, "eyJ7S_zG.eyJH0-Z.HX4w-7v");
    let proof = key.proof(request)?;
    let (message, _) = proof.secret().rsplit_once('.').ok_or("no proof")?;

    let pair = Pair {
        theirs: "jsonwebtoken-sign",
        at_most: 1.2,
    };
    pair.measure(
        &mut criterion.benchmark_group("token/DPoP proof"),
        || time(|| key.proof(black_box(request))),
        || {
            let message = black_box(message).as_bytes();
            time(|| jsonwebtoken::crypto::sign(message, &same, Algorithm::ES256))
        },
    );
    Ok(())
}

#[allow(clippy::disallowed_methods)] // A benchmark measures real time.
fn time<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}
