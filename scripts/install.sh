#!/usr/bin/env bash
# Puts a relocatable braid under PREFIX: bin/braid, lib/braid (libtorch), share/braid/weights. Usage: install.sh PREFIX
set -euo pipefail
cd "$(dirname "$0")/.."
prefix=${1:?usage: install.sh PREFIX}
libtorch=${LIBTORCH:-.deps/libtorch}
bin=$(swift build -c release --show-bin-path)

mkdir -p "$prefix/bin" "$prefix/lib/braid" "$prefix/share/braid/weights" "$prefix/share/man/man1" "$prefix/share/bash-completion/completions"
install -m 755 "$bin/braid" "$prefix/bin/braid"
install -m 644 "$bin/libbraidtorch.so" "$prefix/lib/braid/libbraidtorch.so"
for library in "$libtorch"/lib/*.so*; do
    case $(basename "$library") in
        *python*|*test*|libshm*|*aoti*|*backend_with*|libtorch.so|libtorch_global_deps.so) ;;
        *) cp -L "$library" "$prefix/lib/braid/" ;;
    esac
done
[ ! -f .deps/duckdb/libduckdb.so ] || cp -L .deps/duckdb/libduckdb.so "$prefix/lib/braid/"
cp -R "$bin/Braid_Braid.resources/weights/." "$prefix/share/braid/weights/"
[ ! -d .deps/weights ] || cp -RL .deps/weights/. "$prefix/share/braid/weights/"
"$prefix/bin/braid" --version >/dev/null
python3 scripts/man_page.py "$prefix/bin/braid" >"$prefix/share/man/man1/braid.1"
"$prefix/bin/braid" --generate-completion-script bash >"$prefix/share/bash-completion/completions/braid"
echo "installed: $prefix/bin/braid $("$prefix/bin/braid" --version)"
