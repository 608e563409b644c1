#!/usr/bin/env bash
# The main job on real input: check the data, train, evaluate, ablate; then the same training without transfer.
set -euo pipefail
cd "$(dirname "$0")/.."
braid=.build/release/braid
data=datasets/digits
runs=runs/demo
start=$SECONDS

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
accuracy() { "$braid" evaluate "$1" --manifest "$data/manifest.csv" --json --quiet --out "$1/evaluation-test" | sed -n 's/.*"accuracy" : \([0-9.]*\).*/\1/p'; }

rm -rf "$runs"
step "1. The data: handwriting, speech and a written clue, each too bad to suffice ($data/README.md)"
"$braid" check "$data/config.yaml" --quiet

step "2. Train a fused classifier on frozen, pretrained encoders"
"$braid" train "$data/config.yaml" --out "$runs/transfer" | sed -n '1,/^Run:/p'

step "3. What each modality adds"
"$braid" ablate "$runs/transfer" --manifest "$data/manifest.csv" --quiet --out "$runs/ablation"

step "4. The same training, with encoders that were never pretrained"
"$braid" train "$data/config.yaml" --out "$runs/no-transfer" --quiet \
    --set modalities.image.encoder=bundled:resnet10-cifar-mnist --set modalities.image.weights=random \
    --set modalities.text.encoder=bundled:all-MiniLM-L6-v2 --set modalities.text.weights=random \
    --set modalities.audio.encoder=bundled:cnn10-fsdd --set modalities.audio.weights=random >/dev/null

step "5. One sample, from any of its modalities"
# The first row of the test split, whatever the model makes of it.
{ read -r id && read -r label && read -r picture && read -r sound && read -r text; } < <(python3 -c '
import csv, sys
row = next(row for row in csv.DictReader(open(sys.argv[1])) if row["split"] == "test")
print(*(row[name] for name in ("id", "label", "image", "audio", "text")), sep="\n")' "$data/manifest.csv")
echo "$id is \"$label\". The clue: $text"
echo "From the picture alone:"
"$braid" predict "$runs/transfer" --image "$data/$picture"
echo "From the clue alone:"
"$braid" predict "$runs/transfer" --text "$text"
echo "From the picture, the recording and the clue:"
"$braid" predict "$runs/transfer" --image "$data/$picture" --audio "$data/$sound" --text "$text"

step "Result, accuracy on the test split"
printf 'pretrained encoders (transfer)      %6.2f %%\n' "$(accuracy "$runs/transfer" | awk '{print 100 * $1}')"
printf 'random encoders (no transfer)       %6.2f %%\n' "$(accuracy "$runs/no-transfer" | awk '{print 100 * $1}')"
printf 'report: %s\n' "$runs/transfer/report.html and $runs/ablation/report.html"
printf "the demo's own work took %d s\n" $((SECONDS - start))
