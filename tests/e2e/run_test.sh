#!/usr/bin/env bash
# scripts/run from start to Ctrl-C: the page comes, a second run and a taken port are named, every daemon ends its work,
# nothing stays behind, not even what a killed run left.
# shellcheck disable=SC2015 # fail ends the script
set -euo pipefail
source=${PASAR_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
log=$(mktemp)
run=
trap '[ -z "$run" ] || kill "$run" 2>/dev/null || true; wait; rm -f "$log" "$log.csv"' EXIT

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

# No good row: an end at once, and a reason.
head -n 1 "$source/data/sample.csv" >"$log.csv"
for reason in "no row could be sent" "every row was rejected"; do
    status=0
    timeout 60 "$source/scripts/run" --port "$port" "$log.csv" >"$log" 2>&1 || status=$?
    [ "$status" -eq 65 ] && grep -q "$reason" "$log" || fail "a file without good rows gave status $status"
    echo "too,few" >>"$log.csv"
done

# The real thing, as a job of its own, so that it can get what Ctrl-C sends: SIGINT to every process of the job.
start_run() {
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
}

# One that is killed leaves its daemons behind; the next one stops them and takes their port.
start_run
kill -9 "$run"
wait "$run" 2>/dev/null || true
flock -w 10 "$source/build/run.lock" true || fail "a daemon holds the lock of the killed run"
curl -fsS "http://127.0.0.1:$port/healthz" >/dev/null || fail "the API of the killed run should still be there"

amazon=${PASAR_AMAZON_CSV:-$source/../shared/data/amazon.csv}
csvs=("$source/data/sample.csv")
products=1500
if [ -r "$amazon" ]; then
    csvs+=("$amazon")
    products=2965
fi
start_run "${csvs[@]}"
grep -q "left behind" "$log" || fail "no word of what the killed run left behind"
took=$(sed -n 's/.*ready after \([0-9]*\).*/\1/p' "$log")
[ "$took" -lt 15 ] || fail "the page took $took s"
for _ in $(seq 300); do
    [ "$(curl -fsS "http://127.0.0.1:$port/api/models/3" | python3 -c 'import json, sys; print(json.load(sys.stdin)["rows"])')" = "$products" ] && break
    sleep 0.1
done
curl -fsS "http://127.0.0.1:$port/api/models/3" | grep -q "\"rows\":$products\\b" || fail "not all rows of ${csvs[*]}"
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
work=$source/build/run
grep -q " done: .*rows $products," "$work/consumer.log" || fail "the consumer did not end its work: $(tail -n 3 "$work/consumer.log")"
tail -n 1 "$work/trainer.log" | grep -q " done: " || fail "the trainer did not end its work: $(tail -n 3 "$work/trainer.log")"
tail -n 1 "$work/api.log" | grep -q "stopped:" || fail "the API did not end its work: $(tail -n 3 "$work/api.log")"
! curl -s "http://127.0.0.1:$port/healthz" >/dev/null || fail "the API still answers"
! pgrep -f "$source/build/run/models" >/dev/null || fail "a daemon is left behind: $(pgrep -fa "$source/build/run/models")"
echo PASS
