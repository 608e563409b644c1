#!/usr/bin/env bash
# Runs a step and says how long it took: timed.sh NAME COMMAND...
set -euo pipefail
name=$1
shift
start=$SECONDS
"$@"
printf '── %s: %d s\n' "$name" $((SECONDS - start))
