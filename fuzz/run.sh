#!/bin/bash
# run.sh SECONDS [TARGET…]: builds the readers with libFuzzer's instrumentation and runs each for so many seconds from its committed corpus; with
# RUNS=NUMBER in the environment, for so many executions.
#
# Fails where one crashes, takes more than 2 s or more than 512 MB beyond what it began with. What was found lies in .build/fuzz/TARGET.
set -euo pipefail
cd "$(dirname "$0")"
seconds="${1:-60}"
shift || true
# The instrumentation counts edges and comparisons; testing lets a target reach readers that are not public.
swift build -c release --product Fuzz --sanitize=address -Xswiftc -sanitize=fuzzer -Xswiftc -enable-testing \
    -Xcc -fsanitize=fuzzer-no-link -Xswiftc -use-ld=lld 2>&1 | grep -E "error|warning: unre" || true
fuzz="$(swift build -c release --show-bin-path)/Fuzz"
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <("$fuzz")
# Swift's runtime keeps what it made; what a reader keeps shows as memory. Where a finding's memory was taken is not noted on the way, which
# takes a third of the time: run the input that was found once more without these options for that.
export ASAN_OPTIONS="detect_leaks=0:quarantine_size_mb=8:allocator_may_return_null=1:malloc_context_size=0:${ASAN_OPTIONS:-}"
# A picture may have 178,956,970 pixels, as with Pillow, which is more memory than a target is given here.
export BRAID_LIMITS="pixels=64000000"
# A manifest may name files on the web: nobody is to be asked for what was drawn.
export HF_HUB_OFFLINE=1
failed=0
printf '%-14s %12s %8s %8s %s\n' target executions 'new' 'MB' result
for target in "${targets[@]}"; do
    out=".build/fuzz/$target"
    mkdir -p "$out/corpus"
    length=-max_total_time="$seconds"
    [ -z "${RUNS:-}" ] || length=-runs="$RUNS"
    options=("$length" -timeout=2 -rss_limit_mb=768 -malloc_limit_mb=512 -artifact_prefix="$out/" -print_final_stats=1)
    [ -f "dictionaries/$target.dict" ] && options+=(-dict="dictionaries/$target.dict")
    result=passed
    "$fuzz" "$target" "$out/corpus" "corpus/$target" "${options[@]}" >"$out/log" 2>&1 || result="FAILED: see fuzz/$out/log"
    stat() { sed -n "s/^stat::$1: *//p" "$out/log" | tail -1; }
    printf '%-14s %12s %8s %8s %s\n' "$target" "$(stat number_of_executed_units)" "$(stat new_units_added)" "$(stat peak_rss_mb)" "$result"
    [ "$result" = passed ] || failed=1
done
exit $failed
