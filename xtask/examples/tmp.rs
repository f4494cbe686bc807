#![allow(missing_docs, clippy::all)]
use std::path::Path;
fn main() {
    let api = "openapi/teams";
    let mut d = xtask::document::Document::load(Path::new(&format!("{api}/openapi.yaml")))
        .unwrap_or_else(|e| panic!("{e:?}"))
        .value;
    for (o, k) in [
        ("corrections", xtask::overlay::Purpose::Corrections),
        ("descriptions", xtask::overlay::Purpose::Descriptions),
    ] {
        let _ = &k;
        let ov = xtask::document::Document::read(Path::new(&format!("{api}/{o}.overlay.yaml")))
            .unwrap_or_else(|e| panic!("{e:?}"));
        xtask::overlay::apply(&mut d, &ov, k).unwrap_or_else(|e| panic!("{e:?}"));
    }
    let n = xtask::passes::normalize(
        d,
        &xtask::passes::Options {
            include: &[],
            strict: true,
        },
    )
    .unwrap_or_else(|e| panic!("{e:#?}"));
    println!("{:#?}", n.warnings);
    std::fs::write(
        "/tmp/teams.normalized.json",
        xtask::canonical::json(&n.document),
    )
    .unwrap();
    let mut variables = std::collections::BTreeMap::new();
    variables.insert("team".to_owned(), xtask::sources::VariableKind::Label);
    let t = xtask::generate::Target {
        crate_name: "auth0-teams".into(),
        version: "0.1.0".into(),
        core_path: "../../crates/core".into(),
        api: xtask::sources::ApiData {
            base_url: Some("https://{team}.teams.auth0.com".into()),
            variables,
            audience: Some("https://{team}.teams.auth0.com/api/".into()),
        },
        command: "cargo xtask regen teams".into(),
        member: true,
    };
    match xtask::generate::generate(&n.document, &t) {
        Ok(f) => {
            for (p, c) in f {
                let p = Path::new("generated/teams").join(p);
                std::fs::create_dir_all(p.parent().unwrap()).unwrap();
                std::fs::write(p, c).unwrap();
            }
        }
        Err(e) => println!("{e:#?}"),
    }
}
