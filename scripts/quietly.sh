#!/usr/bin/env bash
# Runs a build, and shows its output only where it fails: quietly.sh COMMAND...
set -euo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT
printf '%s\n' "$*"
if ! "$@" >"$log" 2>&1; then
    cat "$log"
    exit 1
fi
