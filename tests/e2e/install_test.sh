#!/usr/bin/env bash
# cmake --install puts the four programs, and nothing of the tests, under the prefix; there they run.
set -euo pipefail
build=$(dirname "$PASAR_BIN")
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

fail() { echo "FAIL: $*" && exit 1; }
cmake --install "$build" --prefix "$prefix" >/dev/null || fail "cmake --install"
[ "$(cd "$prefix" && find . -type f | sort | xargs)" = \
    "./bin/pasar-api ./bin/pasar-consumer ./bin/pasar-producer ./bin/pasar-trainer" ] || fail "$(find "$prefix")"
for program in producer consumer trainer api; do
    "$prefix/bin/pasar-$program" --version | grep -q "^pasar-$program [0-9]" || fail "pasar-$program --version"
done
echo PASS
