#!/usr/bin/env bash
# scripts/run --kafka: with the broker of scripts/kafka where one runs, which it leaves alone, else with one of its own.
set -euo pipefail
source=${PASAR_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
folder=$(mktemp -d)
log=$folder/log
run=

fail() {
    echo "FAIL: $*"
    cat "$log"
    exit 1
}
cleanup() {
    [ -z "$run" ] || kill "$run" 2>/dev/null || true
    wait
    "$source/scripts/kafka" stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
free_ports() { # two that follow each other
    python3 -c '
import socket
while True:
    with socket.socket() as a, socket.socket() as b:
        a.bind(("127.0.0.1", 0))
        try:
            b.bind(("127.0.0.1", a.getsockname()[1] + 1))
        except (OSError, OverflowError):
            continue
        print(a.getsockname()[1])
        break'
}
trap cleanup EXIT
mkdir -p "$source/build"
flock -n "$source/build/run.lock" true || { echo "SKIP: scripts/run is in use" && exit 77; }

# The variables of scripts/kafka are in the programs' environment, too, and mean nothing to them.
PASAR_BROKER_PORT=$(free_ports)
export PASAR_BROKER_PORT PASAR_BROKER_DIR=$folder/kafka PASAR_BROKER_HEAP=400m
page=$(free_ports)

# run_until_ready PATTERN ARGUMENT...: the page comes, the output has the pattern; then Ctrl-C's signal, and status 0.
run_until_ready() {
    local pattern=$1 status=0
    shift
    "$source/scripts/run" --port "$page" --kafka "$@" >"$log" 2>&1 &
    run=$!
    for _ in $(seq 900); do
        grep -q "ready after" "$log" && break
        kill -0 "$run" 2>/dev/null || fail "scripts/run $* ended"
        sleep 0.1
    done
    grep -q "ready after" "$log" || fail "not ready within 90 s"
    grep -q "$pattern" "$log" || fail "no word of $pattern"
    kill -TERM "$run"
    wait "$run" || status=$?
    run=
    [ "$status" -eq 0 ] || fail "status $status"
}

run_until_ready "Kafka answers on localhost:$PASAR_BROKER_PORT" --kafka-port "$PASAR_BROKER_PORT"
"$source/scripts/kafka" start >"$log" 2>&1 || fail "scripts/kafka start, after the other one was stopped"
run_until_ready "broker on localhost:$PASAR_BROKER_PORT"
run_until_ready "broker on localhost:$PASAR_BROKER_PORT" # a topic of its own: nothing was sent before
"$source/scripts/kafka" status >"$log" || fail "the broker was stopped with the run"
"$source/scripts/kafka" stop >"$log" 2>&1 || fail "scripts/kafka stop"

# A port that is taken.
python3 -m http.server --bind 127.0.0.1 "$PASAR_BROKER_PORT" >/dev/null 2>&1 &
squatter=$!
for _ in $(seq 50); do
    curl -s "http://127.0.0.1:$PASAR_BROKER_PORT/" >/dev/null && break
    sleep 0.1
done
status=0
"$source/scripts/run" --port "$page" --kafka --kafka-port "$PASAR_BROKER_PORT" >"$log" 2>&1 || status=$?
kill "$squatter"
[ "$status" -eq 69 ] || fail "status $status with a taken port"
grep -q -e "--kafka-port" "$log" || fail "no word of --kafka-port"
echo PASS
