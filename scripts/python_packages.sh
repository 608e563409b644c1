#!/usr/bin/env bash
# Puts the Python packages that the examples use (python/requirements.txt) into .deps/python, and prints its python. Nothing is done twice.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .deps
home=$(readlink -f .deps)/python
if ! cmp -s python/requirements.txt "$home/requirements.txt"; then
    echo "installing python/requirements.txt into .deps/python" >&2
    rm -rf "$home"
    python3 -m venv "$home"
    "$home/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: -r python/requirements.txt >&2
    cp python/requirements.txt "$home/requirements.txt"
fi
echo "$home/bin/python"
