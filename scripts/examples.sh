#!/usr/bin/env bash
# Builds and runs each package of docs/examples, which depend on Braid from outside, as users' programs do.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
export BRAID_WEIGHTS="$root/.deps/weights"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cd docs/examples/fused-classifier
"$root/scripts/quietly.sh" swift build
swift run --skip-build FusedClassifier "$root/datasets/digits/config.yaml" "$out" | tee "$out/said"
grep -q "embeddings index.json part-00000.ids.txt part-00000.safetensors" "$out/said"
grep -Eq "^test accuracy 0\.[89]" "$out/said"
