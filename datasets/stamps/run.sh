#!/usr/bin/env bash
# The whole recipe: drawings, checked; one training; what each modality adds; and speech in another language in test. About two minutes.
#   datasets/stamps/run.sh [PACKAGE.deb]        (without the file, apt-get fetches it)
set -euo pipefail
deb=${1:+$(realpath "$1")}
cd "$(dirname "$0")/../.."
braid=.build/release/braid
out=.build/stamps
[ -x "$braid" ] || { echo "run make build first" >&2; exit 69; }

python3 datasets/stamps/make.py "$out" ${deb:+--deb "$deb"}
python3 datasets/stamps/make.py "$out" ${deb:+--deb "$deb"} --test-speech es
for config in config config-transfer; do
    manifest=$out/manifest-fr.csv
    [ "$config" = config ] || manifest=$out/manifest-fr-es.csv
    "$braid" check "datasets/stamps/$config.yaml"
    [ -f "$out/run-$config/run.json" ] || "$braid" train "datasets/stamps/$config.yaml" --out "$out/run-$config"
    "$braid" ablate "$out/run-$config" --manifest "$manifest"
done
