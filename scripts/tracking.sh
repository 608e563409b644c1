#!/usr/bin/env bash
# Reads back with TensorBoard's and MLflow's own packages what a training tells them. Installs those into .deps/tracking, once.
# Usage: scripts/tracking.sh BRAID
set -euo pipefail
cd "$(dirname "$0")/.."
home=.deps/tracking
packages="tensorboard==2.19.0 mlflow==3.13.0"
if ! "$home/bin/python" -c "import importlib.metadata as m, sys; [sys.exit(1) for p in sys.argv[1:] if m.version(p.split('==')[0]) != p.split('==')[1]]" $packages 2>/dev/null; then
    echo "installing $packages into $home" >&2
    python3 -m venv "$home"
    # shellcheck disable=SC2086
    "$home/bin/pip" install --quiet $packages >&2
fi
exec "$home/bin/python" scripts/tracking_check.py "$1"
