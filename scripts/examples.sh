#!/usr/bin/env bash
# Runs what stands in the documentation, as a reader would: the packages of docs/examples, the Python package, and the pages whose commands run.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
export BRAID_WEIGHTS="$root/.deps/weights"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Packages that depend on Braid from outside.
cd docs/examples/fused-classifier
"$root/scripts/quietly.sh" swift build
swift run --skip-build FusedClassifier "$root/datasets/digits/config.yaml" "$out" | tee "$out/said"
grep -q "embeddings index.json part-00000.ids.txt part-00000.safetensors" "$out/said"
grep -Eq "^test accuracy 0\.[89]" "$out/said"
cd "$root"

# The Python package: its tests, and its wheel in a folder of its own.
scripts/quietly.sh swift build
export BRAID="$root/.build/debug/braid"
python=$(scripts/python_packages.sh)
"$python" -m unittest discover -s python/tests
cp -r python "$out/package"
"$python" -m pip --disable-pip-version-check install --quiet --no-index --no-build-isolation --no-deps --target "$out/site" "$out/package"
PYTHONPATH="$out/site" "$python" -c 'import braid; assert braid.__file__.endswith("site/braid/__init__.py"); print("python package", braid.__version__)'

# TensorBoard and MLflow, read back with their own packages.
scripts/tracking.sh "$BRAID"

# The pages: what they say of commands, links and figures; then those whose commands run.
python3 scripts/pages.py --self-test
python3 scripts/pages.py --braid "$BRAID" --run
"$python" scripts/walkthrough.py "$BRAID" README.md:README.zh-CN.md docs/tutorial.md docs/embeddings.md docs/encoders.md docs/run-folder.md \
    docs/data-size.md docs/exit-codes.md docs/shell.md docs/transfer.md:docs/transfer.zh.md
