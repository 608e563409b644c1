#!/usr/bin/env bash
# Puts what setup fetched into .deps/weights where every program that uses Braid looks for it (docs/encoders.md).
set -euo pipefail
cd "$(dirname "$0")/.."
target="${XDG_DATA_HOME:-$HOME/.local/share}/braid/weights"
mkdir -p "$target"
for folder in .deps/weights/*/; do
    name=$(basename "$folder")
    if [ -e "$target/$name" ]; then
        printf 'weights: %s is there already\n' "$target/$name"
    else
        cp -r "$folder" "$target/$name"
        printf 'weights: %s\n' "$target/$name"
    fi
done
