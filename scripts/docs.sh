#!/usr/bin/env bash
# Builds the reference documentation of every library into .build/docs, warnings being errors, and checks the table of keys.
set -euo pipefail
cd "$(dirname "$0")/.."
docc=$(command -v docc || true)
[ -n "$docc" ] || docc="$(dirname "$(readlink -f "$(command -v swift)")")/docc"
[ -x "$docc" ] || { echo "docs: docc is not beside swift; it comes with the toolchain of swift.org" >&2; exit 69; }
graphs=.build/docs-graphs
rm -rf "$graphs" .build/docs && mkdir -p "$graphs" .build/docs
find .build -type d -name symbolgraph -exec rm -rf {} +
scripts/quietly.sh swift build
# It stumbles over C targets, which have no symbols of Swift (a C++ standard is passed to C); what counts is that ours are there.
swift package dump-symbol-graph --minimum-access-level public --skip-synthesized-members >"$graphs/dump.log" 2>&1 || true
folder=$(find .build -type d -name symbolgraph | head -n 1)
for module in BraidSupport Torch BraidTokenizers BraidHub Braid BraidCLI; do
    [ -f "$folder/$module.symbols.json" ] || { cat "$graphs/dump.log"; exit 1; }
    mkdir -p "$graphs/$module"
    cp "$folder/$module.symbols.json" "$graphs/$module/"
    find "$folder" -name "$module@*.symbols.json" -exec cp {} "$graphs/$module/" \;
    "$docc" convert --fallback-display-name "$module" --fallback-bundle-identifier "braid.$module" --warnings-as-errors \
        --additional-symbol-graph-dir "$graphs/$module" --output-dir ".build/docs/$module" >"$graphs/$module.log" 2>&1 ||
        { cat "$graphs/$module.log"; exit 1; }
    echo "docs: .build/docs/$module"
done
python3 scripts/configuration_table.py --check
