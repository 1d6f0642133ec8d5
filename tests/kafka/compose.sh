#!/usr/bin/env bash
# docker compose up --build, for real: image, broker, four stages, the page and the API through the published port,
# the broker from outside. Skips (77) without an engine or where the base images are neither here nor to be had.
set -euo pipefail
cd "${PASAR_SOURCE:-$(dirname "$0")/../..}"

skip() { echo "SKIP: $*" && exit 77; }
fail() {
    echo "FAIL: $*"
    compose logs --tail 20
    exit 1
}
compose() { docker compose -p "pasar-test-$$" "$@"; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'; }

docker info >/dev/null 2>&1 || skip "no Docker engine answers"
docker compose version >/dev/null 2>&1 || skip "no docker compose"
for image in apache/kafka:4.1.0 debian:bookworm-slim; do
    docker image inspect "$image" >/dev/null 2>&1 || docker pull -q "$image" >/dev/null 2>&1 || skip "no image $image"
done
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0 # the classic builder is all there is

PASAR_API_PORT=$(free_port) && export PASAR_API_PORT
PASAR_BROKER_PORT=$(free_port) && export PASAR_BROKER_PORT
unset PRODUCTS ADD
products=build/compose-test-$$.csv # without ./, as people write it
trap 'compose down -v --timeout 5 >/dev/null 2>&1; rm -f "$products"' EXIT
api=http://127.0.0.1:$PASAR_API_PORT

ready() {
    for _ in $(seq 60); do
        curl -fsS "$api/readyz" >/dev/null 2>&1 && return
        sleep 1
    done
    fail "the API is not ready"
}

# models CATALOGUE: the API has exactly the models that are expected of it.
models() {
    ready
    curl -fsS "$api/api/models" | python3 -c '
import json, sys
want = json.load(open("tests/e2e/golden.json"))[sys.argv[1]]["models"]
have = json.load(sys.stdin)
assert [m["rows"] for m in have] == [m["rows"] for m in want], have
assert all(abs(h["inertia"] - w["inertia"]) < 1e-3 for h, w in zip(have, want)), have' "$1" || fail "other models of $1 than expected"
}
rows() {
    ready
    curl -fsS --retry 30 --retry-all-errors --retry-delay 1 "$api/api/models/3" | python3 -c 'import json, sys; print(json.load(sys.stdin)["rows"])'
}

compose up --build --detach --quiet-pull >/dev/null || fail "compose up"
models sample
curl -fsS "$api/" | grep -qi '<!doctype html>' || fail "no page"

# What the containers may and may not do.
[ "$(compose exec -T api id -u)" != 0 ] || fail "the API runs as root"
! compose exec -T api touch /var/lib/pasar/models/x 2>/dev/null || fail "the API can write the models"
if command -v kcat >/dev/null; then
    kcat -b "localhost:$PASAR_BROKER_PORT" -L | grep -q amazon_sales_topic || fail "the broker cannot be read from outside"
fi
for service in producer consumer trainer; do
    compose ps -a --format '{{.Service}} {{.ExitCode}}' | grep -qx "$service 0" || fail "$service did not end well"
done

# The four once more: what was sent is not sent again, and the page comes back.
compose rm -fs producer consumer trainer api >/dev/null 2>&1
compose up --detach >/dev/null || fail "compose up, the second time"
[ "$(rows)" = 1500 ] || fail "$(rows) rows after the second up"

# Another catalogue is neither mixed in nor left out without a word.
amazon=${PASAR_AMAZON_CSV:-../shared/data/amazon.csv}
[ -r "$amazon" ] || { echo "PASS (without another catalogue)" && exit; }
mkdir -p build && cp "$amazon" "$products" && chmod 644 "$products"
! PRODUCTS=$products compose up --detach >/dev/null 2>&1 || fail "another CSV was taken without a question"
compose logs producer 2>&1 | grep -q "docker compose down -v" || fail "no word of how to go on"
compose down -v --timeout 5 >/dev/null 2>&1
PRODUCTS=$products compose up --detach >/dev/null || fail "compose up with another CSV"
models amazon
ADD=1 compose up --detach >/dev/null || fail "compose up, with ADD=1"
for _ in $(seq 20); do
    [ "$(rows)" = 2965 ] && break
    sleep 1
done
[ "$(rows)" = 2965 ] || fail "$(rows) rows of two catalogues"
echo PASS
