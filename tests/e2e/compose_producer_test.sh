#!/usr/bin/env bash
# The shell of docker-compose.yml's producer, run here against the mock broker: which CSV it takes, and which it refuses.
set -euo pipefail
source=${PASAR_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
folder=$(mktemp -d)
trap 'kill "$broker" 2>/dev/null || true; rm -rf "$folder"' EXIT
mkdir "$folder/state"

fail() {
    echo "FAIL: $*"
    cat "$folder/log"
    exit 1
}

coproc "$PASAR_TESTBIN/pasar-mock-broker" --partitions 2
broker=$COPROC_PID
read -r -u "${COPROC[0]}" _ brokers
script=$(sed -n '/^      - |$/,/exec pasar-producer/{s/^        //;s/\$\$/$/g;p}' "$source/docker-compose.yml" | tail -n +2)
script=${script//kafka:19092/$brokers}
script=${script///var\/lib\/pasar\/producer/$folder/state}
script=${script///data\/products.csv/$folder/products.csv}
[[ $script == known=*"exec pasar-producer -b $brokers "* ]] || fail "no such shell in docker-compose.yml: $script"

# up STATUS WHAT: the container starts with products.csv as it is.
up() {
    local status=0
    PATH=$PASAR_BIN:$PATH PASAR_STATE=$folder/state ADD=${ADD:-} sh -ec "$script" >"$folder/log" 2>&1 || status=$?
    [ "$status" -eq "$1" ] || fail "status $status instead of $1: $2"
}

head -n 20 "$source/data/sample.csv" >"$folder/products.csv"
sed -i '1s/product_name/name/' "$folder/products.csv"
up 65 "a CSV without a column"
head -n 20 "$source/data/sample.csv" >"$folder/products.csv"
up 0 "the same CSV, mended"
up 0 "the same CSV again"
grep -q "nothing to do" "$folder/log" || fail "it was sent twice"
head -n 30 "$source/data/sample.csv" >"$folder/products.csv"
up 64 "another CSV"
grep -q "docker compose down -v" "$folder/log" || fail "no word of how to go on"
ADD=1 up 0 "another CSV that is to be added"
up 0 "the CSV that was added"
grep -q "nothing to do" "$folder/log" || fail "it was sent twice"
echo PASS
