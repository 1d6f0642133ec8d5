#!/usr/bin/env bash
# What the scripts refuse, and how they say so: wrong arguments, a system without apt, a broker that is none.
# shellcheck disable=SC2015 # fail ends the script
set -euo pipefail
source=${PASAR_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
folder=$(mktemp -d)
stranger=
trap '[ -z "$stranger" ] || kill "$stranger" 2>/dev/null || true; rm -rf "$folder"' EXIT

fail() {
    echo "FAIL: $*"
    cat "$folder/log"
    exit 1
}

# says STATUS PATTERN COMMAND...
says() {
    local want=$1 pattern=$2 status=0
    shift 2
    "$@" >"$folder/log" 2>&1 || status=$?
    [ "$status" -eq "$want" ] || fail "status $status instead of $want: $*"
    grep -q -- "$pattern" "$folder/log" || fail "nothing about '$pattern': $*"
}

says 64 "port needs a port" "$source/scripts/kafka" start --port abc
says 64 "port needs a port" "$source/scripts/kafka" start --controller-port 65536
says 64 "PASAR_BROKER_PORT" env PASAR_BROKER_PORT=x "$source/scripts/kafka" status
says 64 "port needs a port" "$source/scripts/run" --port 0
says 64 "port needs a port" "$source/scripts/run" --kafka --kafka-port
for script in run test kafka fuzz; do
    says 64 "unknown option --prot" "$source/scripts/$script" --prot 5
done
says 64 "unknown option --prot" "$source/scripts/kafka" start --prot 5
for script in check format options; do
    says 64 "unknown argument prot" "$source/scripts/$script" prot
done
says 66 "/nowhere.csv" "$source/scripts/run" "$source/data/sample.csv" /nowhere.csv
says 66 "$folder" "$source/scripts/run" "$folder"

# A process id that now belongs to somebody else: no broker runs, and the stranger goes on.
sleep 60 &
stranger=$!
mkdir "$folder/kafka"
echo "$stranger" >"$folder/kafka/pid"
echo 9092 >"$folder/kafka/port"
says 1 "not running" "$source/scripts/kafka" status --dir "$folder/kafka"
says 0 "no broker runs" "$source/scripts/kafka" stop --dir "$folder/kafka"
kill -0 "$stranger" || fail "scripts/kafka stopped a process that is no broker"

# Without apt the packages are named. All commands but apt-get: the scripts get no further than to look for it.
mkdir "$folder/bin"
for command in basename bash cat dirname grep mkdir realpath sed env flock date id; do
    ln -s "$(command -v "$command")" "$folder/bin/$command"
done
for script in run test; do
    says 69 "librdkafka-dev" env -u PASAR_NO_INSTALL PATH="$folder/bin" "$source/scripts/$script"
    grep -q PASAR_NO_INSTALL "$folder/log" || fail "no word of how to go on"
done
echo PASS
