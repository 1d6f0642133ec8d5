#!/usr/bin/env bash
# scripts/run from start to Ctrl-C: the page comes, a second run and a taken port are named, nothing stays behind.
# shellcheck disable=SC2015 # fail ends the script
set -euo pipefail
source=${PASAR_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
log=$(mktemp)
run=
trap '[ -z "$run" ] || kill "$run" 2>/dev/null || true; wait; rm -f "$log"' EXIT

fail() {
    echo "FAIL: $*"
    cat "$log"
    exit 1
}
mkdir -p "$source/build"
flock -n "$source/build/run.lock" true || { echo "SKIP: scripts/run is in use" && exit 77; }

# A taken port.
python3 -m http.server --bind 127.0.0.1 "$port" >/dev/null 2>&1 &
squatter=$!
for _ in $(seq 50); do
    curl -s "http://127.0.0.1:$port/" >/dev/null && break
    sleep 0.1
done
status=0
"$source/scripts/run" --port "$port" >"$log" 2>&1 || status=$?
kill "$squatter"
wait "$squatter" 2>/dev/null || true
[ "$status" -eq 69 ] && grep -q "port $port is taken" "$log" || fail "a taken port gave status $status"

# A missing file.
status=0
"$source/scripts/run" --port "$port" /nowhere.csv >"$log" 2>&1 || status=$?
[ "$status" -eq 66 ] && grep -q /nowhere.csv "$log" || fail "a missing file gave status $status"

# The real thing, as a job of its own, so that it can get what Ctrl-C sends: SIGINT to every process of the job.
set -m
"$source/scripts/run" --port "$port" "$@" >"$log" 2>&1 &
run=$!
set +m
for _ in $(seq 600); do
    grep -q "ready after" "$log" && break
    kill -0 "$run" 2>/dev/null || fail "scripts/run ended"
    sleep 0.1
done
grep "ready after" "$log" || fail "not ready within 60 s"
curl -fsS "http://127.0.0.1:$port/" | grep -qi '<!doctype html>' || fail "no page"
curl -fsS "http://127.0.0.1:$port/api/categories" | python3 -c 'import json, sys; assert json.load(sys.stdin)' || fail "no categories"

status=0
"$source/scripts/run" --port "$port" >"$log.second" 2>&1 || status=$?
[ "$status" -eq 75 ] && grep -q "127.0.0.1:$port" "$log.second" || fail "a second run gave status $status: $(cat "$log.second")"
rm -f "$log.second"

kill -INT -- "-$run"
status=0
wait "$run" || status=$?
run=
[ "$status" -eq 0 ] || fail "status $status after Ctrl-C"
! curl -s "http://127.0.0.1:$port/healthz" >/dev/null || fail "the API still answers"
! pgrep -f "$source/build/run/models" >/dev/null || fail "a daemon is left behind: $(pgrep -fa "$source/build/run/models")"
echo PASS
