#!/bin/bash
# sanitize.sh [SANITIZER…]: every suite in a process of its own under sanitizers: address, undefined (C and C++ alone), thread.
#
# Each has a build folder of its own, .build-SANITIZER; what was found lies in its findings/, what suites said in logs/. FILTER=REGEX takes the
# suites whose names match. Fails where a test does, or anything is found. libtorch and the media libraries are not instrumented: what they do wrong by
# themselves is not seen. Nothing is left out of what is found: scripts/thread-sanitizer.c tells of the locks that would else not be seen.
set -euo pipefail
cd "$(dirname "$0")/.."
sanitizers=("$@")
[ ${#sanitizers[@]} -gt 0 ] || sanitizers=(address undefined thread)
# A sanitizer reserves terabytes of addresses, so that no limit on them can be set. That of threads writes a file of its own first, for which a limit
# on files is too low.
skipped="tooLittleMemoryIsNamedAndLosesNothing"
limited="aWriteThatFailsLeavesNoHalfFiles|anExportGoesOnAsItWasBegun|nothingThatIsPassedOnNamesTheUser"

run_suite() {
    local suite=$1 folder=$2 cache
    cache=$(mktemp -d)
    local common="log_path=$folder/findings/$suite" preloaded="" skipped=$skipped
    case $folder in *-thread) preloaded="$folder/mutex.so" skipped="$skipped|$limited" ;; esac
    # Swift's runtime keeps what it made until the end. Findings are told by their files: an exit code would be taken for the command's.
    if ! ASAN_OPTIONS="detect_leaks=0:$common:${ASAN_OPTIONS:-}" \
        TSAN_OPTIONS="exitcode=0:$common:${TSAN_OPTIONS:-}" \
        LD_PRELOAD="$preloaded" BRAID_CACHE="$cache" OMP_NUM_THREADS=1 timeout 1800 "$folder/debug/BraidPackageTests.xctest" --testing-library swift-testing \
        --no-parallel --filter "^${suite//./[.]}/" --skip "$skipped" >"$folder/logs/$suite.log" 2>&1; then
        echo "FAILED: $suite, see $folder/logs/$suite.log"
        touch "$folder/failed"
    fi
    rm -rf "$cache"
}
export -f run_suite
export skipped limited

failed=0
for sanitizer in "${sanitizers[@]}"; do
    folder="$PWD/.build-$sanitizer"
    echo "$sanitizer: build"
    # Swift has none for undefined behaviour on Linux: C and C++ are built with Clang's, without its runtime: what is found ends the process.
    flags=("--sanitize=$sanitizer")
    [ "$sanitizer" != undefined ] || flags=(-Xcc -fsanitize=undefined -Xcc -fno-sanitize=vptr,function -Xcc -fsanitize-trap=all)
    # Optimized, suites take a third of the time. gold, the usual linker, fails on what the instrumentation writes.
    scripts/quietly.sh swift build --build-tests --scratch-path "$folder" "${flags[@]}" -Xswiftc -O -Xswiftc -use-ld=lld
    if [ "$sanitizer" = thread ]; then
        "$(dirname "$(readlink -f "$(command -v swift)")")/clang" -O1 -shared -fPIC -Wall -Werror scripts/thread-sanitizer.c -o "$folder/mutex.so"
    fi
    rm -rf "$folder/findings" "$folder/logs" "$folder/failed"
    mkdir -p "$folder/findings" "$folder/logs"
    "$folder/debug/BraidPackageTests.xctest" --testing-library swift-testing --list-tests 2>/dev/null >"$folder/tests"
    sed 's|/.*||' "$folder/tests" | sort -u | grep -E "${FILTER:-.}" >"$folder/suites"
    echo "$sanitizer: tests"
    xargs -P "$(nproc)" -I{} bash -c 'run_suite "$@"' _ {} "$folder" <"$folder/suites"
    counted=$(sed -nE 's/.*Test run with ([0-9]+) tests? .*/\1/p' "$folder"/logs/*.log | awk '{ sum += $1 } END { print sum + 0 }')
    findings=$(find "$folder/findings" -type f | wc -l)
    echo "$sanitizer: ran $counted of $(wc -l <"$folder/tests") tests in $(wc -l <"$folder/suites") suites, $findings files of findings"
    grep -rhE 'SUMMARY: |runtime error: ' "$folder/findings" | sort | uniq -c | sort -rn || true
    if [ -e "$folder/failed" ] || [ "$findings" != 0 ]; then failed=1; fi
done
exit $failed
