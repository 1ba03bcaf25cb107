#!/usr/bin/env bash
# Fuzzing of everything that reads bytes of a venue or of a client: no input may make it panic.
#
#   scripts/fuzz.sh [SECONDS [TARGET...]]     20 seconds a target when left out, all targets
#
# Begins with the samples in fuzz/seeds and tests/data; what it finds new is kept beside the build and
# goes on from there the next time. A crash is exit 1, with the input in fuzz/crashes: make it as small
# as it gets (`BINARY -minimize_crash=1 FILE`) and keep it in fuzz/seeds, where every run tries it first.
#
# The engine is built with LLVM's own counters of coverage, by the ordinary compiler; a C++ compiler
# builds libFuzzer. Where there is none, or its crates are out of reach, that is said and skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-20}
shift || true
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
  mapfile -t targets < <(sed -n 's/^name = "\([a-z_]*\)"$/\1/p' fuzz/Cargo.toml)
fi

skip() {
  printf 'skipped: fuzzing: %s\n' "$1"
  exit 0
}

out=$(realpath -m "${CARGO_TARGET_DIR:-target}/fuzz")
host=x86_64-unknown-linux-gnu
command -v "${CXX:-c++}" >/dev/null || skip "there is no C++ compiler"
cargo fetch --locked --target "$host" --manifest-path fuzz/Cargo.toml || skip "its crates are out of reach"
# Only what is built for the target is instrumented, and so no build script is.
CARGO_TARGET_DIR=$out RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
  -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing" \
  cargo build --release --locked --target "$host" --manifest-path fuzz/Cargo.toml

failed=0
mkdir -p fuzz/crashes
for target in "${targets[@]}"; do
  mkdir -p "$out/corpus/$target"
  # Quiet but for the last line; what it says of a crash is shown.
  log=$out/$target.log
  if "$out/$host/release/$target" -max_total_time="$seconds" -max_len=16384 -timeout=10 \
    -rss_limit_mb=2048 -artifact_prefix="fuzz/crashes/$target-" \
    "$out/corpus/$target" "fuzz/seeds/$target" tests/data >"$log" 2>&1; then
    printf 'ok %s: %s\n' "$target" "$(grep -a '^Done' "$log")"
  else
    printf 'FAILED %s\n' "$target"
    tail -n 40 "$log"
    failed=1
  fi
done
exit "$failed"
