#!/usr/bin/env bash
# Which module may import which (docs/architecture.md). Anything else is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
check() { # TARGET FORBIDDEN-REGEX
    if grep -rnE "^ *((public|internal|private|package|@testable|@_exported) +)*import +($2)\b" "Sources/$1"; then
        printf 'layering: Sources/%s must not import %s\n' "$1" "$2"
        failed=1
    fi
}
check BraidSupport 'Braid|BraidTokenizers|BraidHub|BraidCLI|Torch|CTorch|CImageCodecs|CSndFile|ArgumentParser|Yams'
check Torch 'Braid|BraidTokenizers|BraidHub|BraidCLI|CImageCodecs|CSndFile|ArgumentParser|Yams|Crypto'
check BraidTokenizers 'Braid|BraidHub|BraidCLI|Torch|CTorch|CImageCodecs|CSndFile|ArgumentParser|Yams|Crypto'
check BraidHub 'Braid|BraidTokenizers|BraidCLI|Torch|CTorch|CImageCodecs|CSndFile|ArgumentParser|Yams'
check Braid 'BraidCLI|BraidMain|CTorch|ArgumentParser'
check BraidCLI 'Torch|CTorch|CImageCodecs|CSndFile|Yams|Crypto'
if grep -rniE '\b(image|audio|spectrogram|manifest)\b' Sources/CTorch Sources/CTorchBackend; then
    echo 'layering: CTorch knows nothing of media or manifests'
    failed=1
fi
[ $failed -eq 0 ] && echo "layering: as it should be"
exit $failed
