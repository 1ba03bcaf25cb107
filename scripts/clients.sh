#!/usr/bin/env bash
# Other people's clients judge the simulated exchange: each lives a whole life against
# `engine exchange`, and what it is told is compared with what the exchange knows (tests/clients).
#
# usage: scripts/clients.sh [CLIENT...]   all of them where none is named
#
# The engine must be built (cargo build). Each client has a virtual environment of its own, filled
# from the package registry by exact version and hash. Where there is no Python of 3.10 or later, or
# the registry is out of reach and the environment is not there yet, that is said and skipped.
# The last line is `N passed, N failed` or `skipped: REASON`; exit 1 where a check failed.
set -euo pipefail
cd "$(dirname "$0")/.."

# CLIENT ENVIRONMENT: the file of the client, and of what it requires.
clients="
ccxt_usdm ccxt
ccxt_pro_usdm ccxt
python_binance_usdm python-binance
futures_connector_usdm binance-futures-connector
binance_sdk_usdm binance-sdk-usdm
ccxt_spot ccxt
ccxt_pro_spot ccxt
python_binance_spot python-binance
connector_spot binance-connector
sdk_spot binance-sdk-spot
"

export PYTHONDONTWRITEBYTECODE=1
engine=${CARGO_TARGET_DIR:-target}/debug/engine
# What hangs is a failure, not a wait.
life_s_max=240
install_s_max=300

skip() {
  printf 'skipped: %s\n' "$1"
  exit 0
}

find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
    if command -v "$name" >/dev/null &&
      "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  return 1
}

python=$(find_python) || skip "there is no python3 of 3.10 or later with venv"
if [[ ! -x $engine ]]; then
  printf '%s is not built: cargo build\n' "$engine" >&2
  exit 1
fi
engine=$(realpath "$engine")

cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/tradekeel/clients
if ! { mkdir -p "$cache" 2>/dev/null && [[ -w $cache ]]; }; then
  cache=${CARGO_TARGET_DIR:-$PWD/target}/clients
  mkdir -p "$cache"
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# environment NAME: prints where it is. Keyed by what is in it, and only named once it is whole.
environment() {
  local requirements=tests/clients/requirements/$1.txt key at
  key=$({ "$python" -VV; cat "$requirements"; } | sha256sum | cut -c1-16)
  at=$cache/$1-$key
  if [[ ! -e $at/whole ]]; then
    rm -rf "$at"
    "$python" -m venv "$at" >"$scratch/install" 2>&1 || return 1
    timeout "$install_s_max" "$at/bin/python" -m pip --disable-pip-version-check install --quiet \
      --timeout 15 --retries 2 --require-hashes --no-deps --only-binary :all: \
      -r "$requirements" >"$scratch/install" 2>&1 || return 1
    touch "$at/whole"
  fi
  printf '%s\n' "$at"
}

# What pip says when nobody answers it.
out_of_reach() {
  grep -qE 'Retrying|NewConnectionError|ConnectTimeout|ReadTimeout|name resolution|Network is unreach' \
    "$scratch/install"
}

passed=0
failed=0
reason=""
for wanted in "$@"; do
  grep -q "^$wanted " <<<"$clients" || { printf 'there is no client %s\n' "$wanted" >&2; exit 2; }
done
while read -r client name; do
  [[ -n $client ]] || continue
  if (($# > 0)) && [[ " $* " != *" $client "* ]]; then continue; fi
  if ! at=$(environment "$name"); then
    if out_of_reach; then
      reason="the package registry is out of reach"
      printf 'skipped %s: %s\n' "$client" "$reason"
      continue
    fi
    printf 'FAILED %s: its environment cannot be made\n' "$client"
    tail -n 20 "$scratch/install"
    failed=$((failed + 1))
    continue
  fi
  status=0
  timeout --kill-after=10s "$life_s_max" "$at/bin/python" "tests/clients/$client.py" \
    --engine "$engine" >"$scratch/life" 2>"$scratch/errors" </dev/null || status=$?
  cat "$scratch/life"
  ok=$(grep -c '^ok ' "$scratch/life" || true)
  wrong=$(grep -c '^FAILED ' "$scratch/life" || true)
  # A life that ended without a word about why is a failure too.
  if ((status != 0 && wrong == 0)); then
    printf 'FAILED %s: ended with %s\n' "$client" "$status"
    tail -n 20 "$scratch/errors"
    wrong=1
  fi
  passed=$((passed + ok))
  failed=$((failed + wrong))
done <<<"$clients"

if ((passed + failed == 0)); then
  skip "${reason:-no client was run}"
fi
printf '%s passed, %s failed\n' "$passed" "$failed"
((failed == 0))
