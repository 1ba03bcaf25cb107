#!/usr/bin/env bash
# Mutation testing of what decides about money: the safety kernel, the life of orders, reconciliation.
# Each file's row in tests/mutants/results.txt says how many changes of it the tests noticed; a row
# holds for the text of the file that its hash names, so a run goes on where the last one ended.
#
#   scripts/mutants.sh               every file whose row is missing or stale
#   scripts/mutants.sh FILE...       these files
#   scripts/mutants.sh --diff BASE   only what differs from a commit; writes no rows
#
# A change that no test notices fails, unless tests/mutants/equivalent.txt says why it changes nothing.
# Needs cargo-mutants 27. Half a minute a change on a small machine: hours for all of them.
set -euo pipefail
cd "$(dirname "$0")/.."

results=tests/mutants/results.txt
equivalent=tests/mutants/equivalent.txt
out=$(realpath -m "${CARGO_TARGET_DIR:-target}/mutants")
# The tests that know these rooms; the others only cost time.
rooms=(sim venue config store net runtime ops cli strategy tidy approved_cannot_be_forged)
skips=()
for room in "${rooms[@]}"; do skips+=(--skip "$room::"); done

# Changes are made in a copy, and built in one place, so that what does not change is built once.
mutate() {
  mkdir -p "$out/tree"
  rm -rf "$out/mutants.out"
  git ls-files -z --cached --others --exclude-standard | xargs -0 cp -p --parents -t "$out/tree"
  # 2: some were missed, 3: some timed out; both are told by the lists.
  CARGO_TARGET_DIR=$out/build cargo mutants --dir "$out/tree" --in-place --output "$out" --profile mutants --timeout 300 --baseline skip --no-shuffle \
    --cargo-arg=--locked "$@" -- --lib --test it -- "${skips[@]}" || [[ $? -eq 2 || $? -eq 3 ]]
}

count() { wc -l <"$out/mutants.out/$1.txt"; }

# Survivors without a reason; lines and columns do not matter, for they move.
unexplained() {
  local name
  cat "$out"/mutants.out/{missed,timeout}.txt | sed -E 's/:[0-9]+:[0-9]+: /: /' | while read -r name; do
    grep -qF -- "$name" "$equivalent" || printf '%s\n' "$name"
  done
}

failed=0
report() {
  local left
  left=$(unexplained)
  if [[ -n $left ]]; then
    printf 'no test notices:\n%s\n' "$left"
    failed=1
  fi
}

if [[ ${1:-} == --diff ]]; then
  diff=$(mktemp)
  trap 'rm -f "$diff"' EXIT
  git diff "$2" -- src/core >"$diff"
  mutate --in-diff "$diff"
  report
  exit "$failed"
fi

files=("$@")
if [[ ${#files[@]} -eq 0 ]]; then
  mapfile -t files < <(git ls-files src/core/safety src/core/orders.rs src/core/orders src/core/reconcile.rs |
    grep -v '/tests')
fi
for file in "${files[@]}"; do
  hash=$(git hash-object "$file" | cut -c1-12)
  if [[ $# -eq 0 ]] && grep -q "^$file $hash " "$results"; then continue; fi
  printf '== %s\n' "$file"
  mutate --file "$file"
  left=$(unexplained)
  row="$file $hash $(count caught) $(count unviable) $(($(count missed) + $(count timeout)))"
  row+=" $(grep -c . <<<"$left" || true)"
  { grep -v "^$file " "$results" || true; printf '%s\n' "$row"; } | sort >"$results.new"
  mv "$results.new" "$results"
  report
done
exit "$failed"
