#!/usr/bin/env bash
# Installs what Braid needs and is missing: Debian packages, libtorch and pretrained encoders under .deps/.
# Idempotent; the second run needs no network. Usage: scripts/setup.sh [--weights]
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
    libpng-dev libjpeg-dev libsndfile1-dev libmpg123-dev libogg-dev libsoxr-dev zlib1g-dev libzstd-dev libcurl4-openssl-dev pkg-config
    # Loaded when a file wants them: WebP, GIF, TIFF, HEIC and AVIF pictures; the sound of M4A, MP4 and WebM, and BMP pictures, by FFmpeg.
    libwebp-dev libgif-dev libtiff-dev libheif-dev libavif-dev libavformat-dev libavcodec-dev libavutil-dev
)

# DuckDB comes in Python's package of it, whose names of Python's own have to be there.
if command -v python3 >/dev/null; then
    packages+=("libpython$(python3 -c 'import sys; print("{}.{}".format(*sys.version_info))')")
fi

say() { printf 'setup: %s\n' "$*"; }

install_packages() {
    local missing=() package
    for package in "${packages[@]}"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        say "system packages: all there (${packages[*]})"
        return
    fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if sudo -n true 2>/dev/null; then as_root=(sudo -n); else
            say "system packages are missing and neither root nor password-free sudo is at hand. Run this, then try again:"
            say "    sudo apt-get update && sudo apt-get install -y ${missing[*]}"
            exit 69
        fi
    fi
    say "system packages: installing ${missing[*]}"
    local log
    log=$(mktemp)
    if ! { "${as_root[@]}" apt-get update && DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        say "apt-get failed (above). Run this yourself, then try again: sudo apt-get install -y ${missing[*]}"
        exit 69
    fi
    rm -f "$log"
}

need() { command -v "$1" >/dev/null || { say "$1 is not on PATH: $2"; exit 69; }; }

need swift "install Swift 6.3 (swift.org/install)"
need python3 "install python3 and pip"
if command -v dpkg-query >/dev/null; then install_packages; else
    say "not a Debian system: install the equivalents of ${packages[*]} yourself"
fi
python3 scripts/fetch.py libtorch
python3 scripts/fetch.py duckdb
[ "${1:-}" != --weights ] || python3 scripts/fetch.py weights
