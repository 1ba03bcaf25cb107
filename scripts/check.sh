#!/usr/bin/env bash
# Everything that must hold before a change is merged, on the desk and in CI: the one place where
# the list stands. Every step runs, also after one that failed; exit 1 when any did.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0

# step NAME COMMAND...: says what it does, does it, says how it went.
step() {
  local name=$1
  shift
  printf '\n== %s: %s\n' "$name" "$*"
  if "$@"; then
    printf '== %s: ok\n' "$name"
  else
    printf '== %s: FAILED\n' "$name"
    failed=1
  fi
}

# The example is a package of its own. With our lock file it is built from the same crates.
example() {
  cp Cargo.lock examples/my_strategy/Cargo.lock
  local subcommand=$1
  shift
  CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target} \
    cargo "$subcommand" --manifest-path examples/my_strategy/Cargo.toml "$@"
}

documentation() {
  RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked
}

# The same lists as `tests/supply.rs`, judged by the tool that the rest of the world uses.
supply() {
  cargo deny --offline check licenses bans sources
}

step fmt cargo fmt --check
step clippy cargo clippy --all-targets --locked -- -D warnings
step tests cargo test --locked --no-fail-fast -- --show-output
# By the engine that the tests have built.
step clients scripts/clients.sh
step fuzz scripts/fuzz.sh
# A benchmark whose account is not reconciled measures denials.
step benches cargo test --locked --bench review -- --count 0 1000 100 1 0
step docs documentation
step example-fmt example fmt --check
step example-clippy example clippy --all-targets -- -D warnings
if command -v cargo-deny >/dev/null; then
  step supply supply
else
  printf '\n== supply: cargo-deny is not installed; tests/supply.rs has judged the same lists\n'
fi

exit "$failed"
