# shellcheck shell=bash disable=SC2034 # the lists are used by the scripts that source this
# What the scripts share. Sourced, never run: `. "$(dirname "$0")/lib.sh"`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
name=$(basename "$0")

# What a build needs (jq: the examples of the README), by Debian's and Ubuntu's package names.
build_packages=(build-essential cmake ninja-build pkg-config git librdkafka-dev libmicrohttpd-dev libjansson-dev
    libcsv-dev libopenblas-dev libssl-dev libxxhash-dev zlib1g-dev libcmocka-dev curl jq)
# What the tests use besides; without the second line some of them skip themselves.
test_packages=(python3 python3-prometheus-client kcat)
test_extras=(mvn:maven java:default-jre-headless chromium:chromium node:nodejs npm:npm
    clang-format-14:clang-format-14 shellcheck:shellcheck)

say() { printf '%s: %s\n' "$name" "$*" >&2; }

# die STATUS MESSAGE...
die() {
    local status=$1
    shift
    say "$@"
    exit "$status"
}

# usage: the script's own first comment block, without the shebang.
usage() { sed -n '2,/^[^#]/{/^#/!d;s/^# \{0,1\}//p}' "$0"; }

# wrong WORD: names the argument that is not understood ("": one is missing), shows the usage and ends with 64.
wrong() {
    case $1 in
    '') say "something to do is missing" ;;
    -*) say "unknown option $1" ;;
    *) say "unknown argument $1" ;;
    esac
    usage >&2
    exit 64
}

is_debian() {
    [ -r /etc/os-release ] && grep -Eq '^(ID|ID_LIKE)=.*(debian|ubuntu)' /etc/os-release && command -v apt-get >/dev/null
}

# need PACKAGE...: installs those that are missing; where it cannot, prints the list and ends with 69.
need() {
    local package missing=() sudo=()
    [ -z "${PASAR_NO_INSTALL:-}" ] || return 0
    if ! is_debian; then
        say "this system has no apt; install what these Debian packages hold, then set PASAR_NO_INSTALL=1:"
        die 69 "$*"
    fi
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die 69 "these packages are missing, and there is no sudo: ${missing[*]}"
        sudo=(sudo)
    fi
    say "installing ${missing[*]}"
    "${sudo[@]}" apt-get update -qq || die 69 "apt-get update failed; these packages are missing: ${missing[*]}"
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
        >/dev/null || die 69 "apt-get could not install ${missing[*]}"
}

# want COMMAND:PACKAGE...: installs what brings a missing command, but goes on without those that cannot be had: the
# tests that miss them skip themselves.
want() {
    local pair
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || (need "${pair#*:}") || say "going on without ${pair%%:*}"
    done
}

# build PRESET [TARGET...]: configures and builds build/PRESET. With PASAR_WERROR=ON in the environment a warning is an
# error: for those who work on the code. A compiler that is newer than the code must not keep others from using it.
build() {
    local preset=$1 targets=() werror=${PASAR_WERROR:-OFF}
    shift
    # Under ThreadSanitizer gcc warns of values that are set; the other builds keep the code free of warnings.
    [ "$preset" != tsan ] || werror=OFF
    [ $# -gt 0 ] && targets=(--target "$@")
    # Once configured, ninja calls cmake again by itself whenever a CMakeLists.txt changes.
    if [ ! -f "$root/build/$preset/build.ninja" ] ||
        { [ "$werror" = ON ] && ! grep -q '^PASAR_WERROR:.*=ON' "$root/build/$preset/CMakeCache.txt"; }; then
        (cd "$root" && cmake --preset "$preset" -G Ninja -DPASAR_WERROR="$werror") >"$root/build/$preset.cmake.log" 2>&1 || {
            cat "$root/build/$preset.cmake.log" >&2
            die 70 "cmake could not configure build/$preset"
        }
    fi
    cmake --build "$root/build/$preset" "${targets[@]}" -- --quiet || die 70 "build/$preset does not build"
}

is_port() { [[ $1 =~ ^[1-9][0-9]{0,4}$ ]] && [ "$1" -le 65535 ]; }

# port_taken PORT: does something listen there on this machine?
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# wait_for SECONDS COMMAND...: until the command succeeds; 1 when it has not by then.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

mkdir -p "$root/build"
