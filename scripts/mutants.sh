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
# Needs cargo-mutants 27. Five seconds a change on a small machine: two hours for all of them.
set -euo pipefail
# What fails inside `$(...)` ends the run too: a copy that does not build has noticed nothing.
shopt -s inherit_errexit
cd "$(dirname "$0")/.."

results=tests/mutants/results.txt
equivalent=tests/mutants/equivalent.txt
out=$(realpath -m "${CARGO_TARGET_DIR:-target}/mutants")
rm -f "$out"/*.sound
# Changes are made in a copy, and built in one place, so that what does not change is built once. A
# copy holds no more than its tests need: it builds in seconds instead of half a minute.
# copy NAME LAYERS...: these modules of ours, as a package of their own.
copy() {
  local name=$1
  shift
  rm -rf "${out:?}/$name"
  mkdir -p "$out/$name/src"
  cp -rp --parents "${@/#/src/}" Cargo.lock .cargo "$out/$name"
  awk '/^\[/ { keep = !/^\[\[/ } keep && !/^default-run/' Cargo.toml >"$out/$name/Cargo.toml"
  {
    printf '//! Some of the layers.\n'
    printf 'pub mod %s;\n' "$@"
  } >"$out/$name/src/lib.rs"
}

# The first test that fails says enough: the others of FOLDER's crate are not waited for.
# end_with_first_failure FOLDER ROOT
end_with_first_failure() {
  cp tests/mutants/first_failure.rs "$1"
  printf '#[cfg(test)]\nmod first_failure;\n' >>"$1/$2"
}

# mutate NAME ARGUMENTS...: of the copy of that name; its lists are in NAME.out/mutants.out.
# Fewer cases of a property suffice: what they miss is listed, and only looked at once more. What
# fails without any change ends the run, for then every change would count as noticed; a run asks for
# that once of each copy.
mutate() {
  local name=$1 baseline=run
  shift
  [[ ! -e $out/$name.sound ]] || baseline=skip
  mkdir -p "$out/$name.out"
  rm -rf "$out/$name.out/mutants.out"
  # 2: some were missed, 3: some timed out; both are told by the lists.
  PROPTEST_CASES=4 CARGO_TARGET_DIR=$out/build cargo mutants --dir "$out/$name" --in-place \
    --output "$out/$name.out" --profile mutants --timeout 120 --baseline "$baseline" --no-shuffle \
    --cargo-arg=--locked "$@" || [[ $? -eq 2 || $? -eq 3 ]]
  touch "$out/$name.sound"
}

# By the core's own tests.
core_alone() {
  copy core core types
  end_with_first_failure "$out/core/src" lib.rs
  mutate core "$@" -- --lib
}

# By the behaviour of the core from outside as well, for what its own tests did not notice:
# arguments are the names. Left out are tests of other layers, and the slowest.
with_exchange() {
  local name module some=() skips=()
  for name in "$@"; do
    some+=(--file "${name%%:*}" --re "^$(sed -E 's/[].[\*^$+?(){}|]/\\&/g' <<<"$name")\$")
  done
  copy exchange core sim store strategy types venue
  cp -rp --parents tests/it tests/data "$out/exchange"
  cp tests/mutants/tape.rs "$out/exchange/tests/it/tape.rs"
  end_with_first_failure "$out/exchange/tests/it" main.rs
  local beyond='tradekeel::(config|net|runtime|ops|cli)|trybuild|crate::paper|CARGO_MANIFEST_DIR'
  for module in $(cd tests/it && grep -rlE "$beyond" . | sed -E 's#^\./##; s#/.*##; s#\.rs$##'); do
    sed -i "/^mod $module;/d" "$out/exchange/tests/it/main.rs"
  done
  # Only a test that is left out plays them.
  sed -i '/scenarios/d' "$out/exchange/tests/it/main.rs"
  for module in book random_walk sim sim_recording sim_samples store strategy venue; do
    skips+=(--skip "$module::")
  done
  mutate exchange "${some[@]}" -- --test it -- "${skips[@]}"
}

count() { wc -l <"$out/core.out/mutants.out/$1.txt"; }

# What no test noticed.
survivors() {
  local missed
  mapfile -t missed < <(cat "$out"/core.out/mutants.out/{missed,timeout}.txt)
  [[ ${#missed[@]} -gt 0 ]] || return 0
  with_exchange "${missed[@]}" >&2
  # Deleted fields are tried whatever the names say.
  cat "$out"/exchange.out/mutants.out/{missed,timeout}.txt | grep -Fxf <(printf '%s\n' "${missed[@]}") || true
}

# Of them, those without a reason; lines and columns do not matter, for they move.
unexplained() {
  local name
  sed -E 's/:[0-9]+:[0-9]+: /: /' | while read -r name; do
    grep -qF -- "$name" "$equivalent" || printf '%s\n' "$name"
  done
}

failed=0
report() {
  [[ -z $1 ]] && return
  printf 'no test notices:\n%s\n' "$1"
  failed=1
}

if [[ ${1:-} == --diff ]]; then
  diff=$(mktemp)
  trap 'rm -f "$diff"' EXIT
  git diff "$2" -- src/core >"$diff"
  core_alone --in-diff "$diff"
  # Not as an argument, where a failure of it would be lost.
  left=$(survivors | unexplained)
  report "$left"
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
  core_alone --file "$file"
  survived=$(survivors)
  left=$(unexplained <<<"$survived")
  lines() { grep -c . <<<"$1" || true; }
  all=$(($(count caught) + $(count missed) + $(count timeout)))
  row="$file $hash $((all - $(lines "$survived"))) $(count unviable) $(lines "$survived") $(lines "$left")"
  { grep -v "^$file " "$results" || true; printf '%s\n' "$row"; } | sort >"$results.new"
  mv "$results.new" "$results"
  report "$left"
done
exit "$failed"
