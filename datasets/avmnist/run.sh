#!/usr/bin/env bash
# The whole recipe: data, an encoder a modality, and every fusion of them with five seeds. About 45 minutes on two cores.
#   datasets/avmnist/run.sh ARCHIVES        (mnist-png.tar.gz and fsdd-wav.tar.gz; needs numpy, pillow, soundfile)
set -euo pipefail
archives=$(realpath "${1:?give the folder of mnist-png.tar.gz and fsdd-wav.tar.gz}")
cd "$(dirname "$0")/../.."
braid=.build/release/braid
out=.build/avmnist
[ -x "$braid" ] || { echo "run make build first" >&2; exit 69; }

[ -f "$out/manifest.csv" ] || python3 datasets/avmnist/make.py "$archives" "$out"
for modality in image audio; do
    [ -f "$out/run-$modality/run.json" ] || "$braid" train "datasets/avmnist/$modality/config.yaml" --out "$out/run-$modality"
done
[ -f "$out/compare/compare.csv" ] || "$braid" compare datasets/avmnist/config.yaml --seeds 5 --out "$out/compare"

# What modality dropout is worth when half of each modality is missing in test.
for dropout in 0 0.3; do
    run=$out/dropout-$dropout
    [ -f "$run/run.json" ] || "$braid" train datasets/avmnist/config.yaml --out "$run" --set "fusion.modality_dropout=$dropout"
    "$braid" ablate "$run" --manifest "$out/manifest.csv" --missing-rates 0,0.25,0.5,0.75,1
done
