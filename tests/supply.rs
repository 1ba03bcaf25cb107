//! What the engine is built from: every package of the tree comes from crates.io, under a licence
//! that we accept, and none of them is banned.
//!
//! The lists stand in `deny.toml`, where cargo-deny reads them too. Here they are judged offline and
//! with every `cargo test`, because building cargo-deny takes longer than building the engine.

use serde_json::Value;
use std::process::Command;

const DENY: &str = include_str!("../deny.toml");

/// Strings of an array in `deny.toml`: the first of each item, which is the name where an item is a
/// table. Reads no more of TOML than that file needs: one item a line, no `#` or `]` in a string.
fn list(section: &str, key: &str) -> Vec<&'static str> {
    let header = format!("[{section}]");
    let lines = DENY.lines().map(|line| line.split('#').next().unwrap_or("").trim());
    let of_section = lines.skip_while(|line| *line != header).skip(1);
    let mut of_section = of_section.take_while(|line| !line.starts_with('['));
    let opening = format!("{key} = [");
    let first = of_section.find_map(|line| line.strip_prefix(&opening));
    let mut rest = first.unwrap_or_else(|| panic!("deny.toml has no {section}.{key}"));
    let mut found = Vec::new();
    loop {
        let (items, is_last) =
            rest.split_once(']').map_or((rest, false), |(items, _)| (items, true));
        found.extend(items.split('"').nth(1));
        if is_last {
            return found;
        }
        rest = of_section.next().unwrap_or_else(|| panic!("{section}.{key} does not end"));
    }
}

/// Every package that the program, its tests and its benches are built from.
#[expect(clippy::expect_used, reason = "a test cannot go on without cargo's answer")]
fn packages() -> Vec<Value> {
    let targets = list("graph", "targets");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .args(targets.iter().flat_map(|target| ["--filter-platform", target]))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    metadata["packages"].as_array().expect("a list of packages").clone()
}

fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or("none")
}

/// Judges an SPDX expression: `OR`, or the `/` of old crates, binds least, then `AND`, then brackets;
/// `WITH` an exception is as good as the licence without it.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let verdict = any(&mut words, allowed);
    verdict && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut verdict = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        verdict |= all(words, allowed);
    }
    verdict
}

fn all(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut verdict = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        verdict &= one(words, allowed);
    }
    verdict
}

fn one(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    match words.next() {
        Some("(") => {
            let verdict = any(words, allowed);
            words.next() == Some(")") && verdict
        }
        Some(licence) => {
            if words.next_if_eq(&"WITH").is_some() {
                words.next();
            }
            allowed.contains(&licence)
        }
        None => false,
    }
}

#[test]
fn every_licence_is_on_the_list() {
    let allowed = list("licenses", "allow");
    let packages = packages();
    assert!(packages.len() > 100, "only {} packages: not the whole tree", packages.len());
    let is_refused = |package: &&Value| !is_allowed(text(package, "license"), &allowed);
    let refused: Vec<_> = packages.iter().filter(is_refused).map(describe).collect();
    assert!(refused.is_empty(), "licences that deny.toml does not allow: {refused:#?}");
}

#[test]
fn no_banned_package_is_in_the_tree() {
    let banned = list("bans", "deny");
    assert!(banned.contains(&"openssl") && banned.contains(&"serde_yaml"), "{banned:?}");
    let is_banned = |package: &&Value| banned.contains(&text(package, "name"));
    let found: Vec<_> = packages().iter().filter(is_banned).map(describe).collect();
    assert!(found.is_empty(), "deny.toml says why not: {found:#?}");
}

#[test]
fn every_package_comes_from_the_allowed_registry() {
    let registries = list("sources", "allow-registry");
    let registries = registries.iter().map(|url| format!("registry+{url}")).collect::<Vec<_>>();
    let is_ours = |package: &Value| text(package, "name") == env!("CARGO_PKG_NAME");
    let is_stranger = |package: &&Value| {
        !is_ours(package) && !registries.iter().any(|url| url == text(package, "source"))
    };
    let strangers: Vec<_> = packages().iter().filter(is_stranger).map(describe).collect();
    assert!(strangers.is_empty(), "from elsewhere: {strangers:#?}");
}

fn describe(package: &Value) -> String {
    let [name, version, licence, source] =
        ["name", "version", "license", "source"].map(|key| text(package, key));
    format!("{name} {version}, {licence}, from {source}")
}

#[test]
fn an_expression_is_judged_as_spdx_means_it() {
    let allowed = ["MIT", "ISC"];
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("GPL-3.0-only/MIT", true),
        ("GPL-3.0-only AND MIT", false),
        ("ISC AND MIT", true),
        ("ISC AND (GPL-3.0-only OR MIT)", true),
        ("(GPL-3.0-only) OR MIT", true),
        ("GPL-3.0-only OR ISC AND GPL-3.0-only", false),
        ("(ISC OR GPL-3.0-only) AND GPL-3.0-only", false),
        ("MIT WITH LLVM-exception", true),
        ("GPL-3.0-only WITH LLVM-exception", false),
        ("MIT GPL-3.0-only", false),
        ("(MIT", false),
        ("MIT AND", false),
        ("", false),
        ("none", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
