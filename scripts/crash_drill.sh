#!/usr/bin/env bash
# Kills a real engine at random instants against an exchange of its own process with every fault
# armed, and compares what it believes with what the exchange knows: crash_drill.sh [KILLS] [SEED].
# The figures are the lines that begin with `drill:`; exit 1 when anything was lost or came twice.
# E2E_ENGINE names another program than the one that is built here.
set -euo pipefail
cd "$(dirname "$0")/.."

export DRILL_KILLS=${1:-200} DRILL_SEED=${2:-1}
exec cargo test --locked --test e2e -- drill --nocapture
