#!/bin/bash
# sanitize.sh [SANITIZER…]: the tests under Swift's sanitizers, each in a build folder of its own: address, undefined, thread.
#
# libtorch and the media libraries are not instrumented: what they do wrong by themselves is not seen, and what they do right may look
# like a race. scripts/thread-sanitizer.txt names what is left out of the thread sanitizer's findings, and why.
set -euo pipefail
cd "$(dirname "$0")/.."
sanitizers=("$@")
[ ${#sanitizers[@]} -gt 0 ] || sanitizers=(address undefined thread)
# Python's garbage and Swift's runtime keep what they made until the end.
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:${UBSAN_OPTIONS:-}"
export TSAN_OPTIONS="suppressions=$PWD/scripts/thread-sanitizer.txt:halt_on_error=1:${TSAN_OPTIONS:-}"
failed=0
for sanitizer in "${sanitizers[@]}"; do
    folder=".build-$sanitizer"
    echo "$sanitizer: build"
    # gold, the usual linker, fails on what the instrumentation writes.
    flags=("--sanitize=$sanitizer" -Xswiftc -use-ld=lld)
    scripts/quietly.sh swift build --build-tests --scratch-path "$folder" "${flags[@]}"
    echo "$sanitizer: tests"
    if ! swift test --skip-build --disable-xctest --scratch-path "$folder" "${flags[@]}" ${FILTER:+--filter "$FILTER"} \
        >"$folder/tests.log" 2>&1; then
        echo "$sanitizer: FAILED, see $folder/tests.log"
        failed=1
    fi
    grep -E 'SUMMARY: |Test run with' "$folder/tests.log" | sort | uniq -c || true
done
exit $failed
