#!/usr/bin/env bash
# Puts the libraries that Braid is measured against into .deps/peers, a Python environment of their own, and prints its python.
# Nothing is done twice. The versions measured are in docs/results/.
set -euo pipefail
cd "$(dirname "$0")/.."
home=.deps/peers
names="torch torchvision torchaudio torchlibrosa timm transformers sentence-transformers onnxruntime openvino nncf soxr soundfile"
if ! "$home/bin/python" -c "import importlib.metadata as m, sys; [m.version(n) for n in sys.argv[1:]]" $names 2>/dev/null; then
    echo "installing $names into $home" >&2
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --upgrade pip >&2
    wheels="$(mktemp -d)"
    "$home/bin/pip" download --quiet --no-deps torch==2.13.0 -d "$wheels" >&2
    "$home/bin/pip" install --quiet "$wheels"/torch-*.whl numpy pillow transformers timm onnx onnxruntime openvino nncf \
        sentence-transformers soundfile soxr librosa safetensors scikit-learn >&2
    # These ask for another torch than the one at hand: their Python parts are enough (scripts/references/reference_imports.py).
    "$home/bin/pip" install --quiet --no-deps torchvision torchaudio torchlibrosa >&2
    rm -rf "$wheels"
fi
echo "$PWD/$home/bin/python"
