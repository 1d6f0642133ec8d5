#!/usr/bin/env bash
# One environment for all: no program complains of what is another's, or the scripts'; each warns of its own names misspelt.
set -euo pipefail
source=${PASAR_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
bin=$PASAR_BIN
unset PASAR_STATE

fail() {
    echo "FAIL: $*"
    exit 1
}

# names FILE...: the PASAR_ variables that stand there, but those that have a value everywhere and families' beginnings.
names() { cat "$@" | grep -oE 'PASAR_[A-Z][A-Z_]*[A-Z]' | grep -vE '^PASAR_(KAFKA|BIN)$' | sort -u; }

for program in pasar-producer pasar-consumer pasar-trainer pasar-api; do
    own=$("$bin/$program" --help | names -)
    others=$(names "$source"/{scripts/*,docker-compose.yml,Dockerfile,docs/options.md,CMakePresets.json} |
        grep -vxF "$own")
    settings=()
    for name in $others; do settings+=("$name=1"); done
    [ "${#settings[@]}" -gt 40 ] || fail "only ${#settings[@]} names of others than $program"
    said=$(env "${settings[@]}" "$bin/$program" --dump-config 2>&1 >/dev/null) || fail "$program: $said"
    [ -z "$said" ] || fail "a false alarm: $said"
done

# warns PROGRAM NAME MEANT: the name of the variable is misspelt.
warns() {
    local said
    said=$(env "$2=secret" "$bin/$1" --dump-config 2>&1 >/dev/null) || fail "$1 ends over $2"
    [[ $said == *"WARN $2 in the environment is no option"*"did you mean $3?"* && $said != *secret* ]] || fail "$1 says of $2: $said"
}
warns pasar-consumer PASAR_BATCH_RECORDZ PASAR_BATCH_RECORDS
warns pasar-consumer PASAR_BROKER PASAR_BROKERS
warns pasar-producer PASAR_DRYRUN PASAR_DRY_RUN
warns pasar-trainer PASAR_FEATURE PASAR_FEATURES
warns pasar-api PASAR_MODEL PASAR_MODELS
said=$(PASAR_BATCH_RECORDZ='' "$bin/pasar-consumer" --dump-config 2>&1 >/dev/null)
[ -z "$said" ] || fail "an empty variable is none: $said"
echo PASS
