#!/usr/bin/env bash
# Runs every test, in as many processes at a time as there are cores, each of them on one thread and with a cache of its own.
# The suites are dealt out to several shares a core, so that none has to wait long for the last one.
set -euo pipefail
cd "$(dirname "$0")/.."
cores=$(nproc)
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

swift test list --skip-build 2>/dev/null >"$logs/tests"
expected=$(wc -l <"$logs/tests")
sed 's|/.*||' "$logs/tests" | sort -u >"$logs/suites"
split --number="r/$((cores * 4))" --numeric-suffixes=10 "$logs/suites" "$logs/share-"

run_share() {
    local filter
    filter="^($(sed 's/[.]/[.]/g' "$1" | paste -sd '|'))/"
    # Two that start at the same moment may find the build's database locked: then once more.
    for pause in 1 2 3 4 0; do
        if BRAID_CACHE=$(mktemp -d -p "$2") OMP_NUM_THREADS=1 swift test --skip-build --ignore-lock --no-parallel --disable-xctest --quiet \
            --filter "$filter" >"$1.log" 2>&1; then return 0; fi
        grep -q "database is locked" "$1.log" && [ "$pause" != 0 ] || break
        sleep "$pause"
    done
    cat "$1.log"
    return 1
}
export -f run_share
failed=0
printf '%s\n' "$logs"/share-?? | xargs -P "$cores" -I{} bash -c 'run_share "$@"' _ {} "$logs" || failed=1

counted=$(sed -nE 's/.*Test run with ([0-9]+) tests? .*/\1/p' "$logs"/*.log | awk '{ sum += $1 } END { print sum + 0 }')
echo "Ran $counted of $expected tests in $(wc -l <"$logs/suites") suites."
[ "$failed" = 0 ] && [ "$counted" = "$expected" ]
