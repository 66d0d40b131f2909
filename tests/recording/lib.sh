# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# record TOOL CASE COMMAND…: what it prints on both streams and how it ends, as the bridge's run_command sees it.
# The words of COMMAND must be those of the check; the tests refuse a recording that was asked otherwise.
export LC_ALL=C.UTF-8
OUT=/share/out
# Set before a call: whoever else is to ask.
AS=
# shellcheck disable=SC2034 # for that
NOBODY="setpriv --reuid=65534 --regid=65534 --clear-groups"

record() {
    local tool=$1 name=$2 code=0 said
    shift 2
    mkdir -p "$OUT/$tool"
    # shellcheck disable=SC2086 # AS is several words
    said=$($AS "$@" < /dev/null 2>&1) || code=$?
    printf '$ %s\nexit %s\n%s\n' "$*" "$code" "$said" > "$OUT/$tool/$name.txt"
    echo "$tool/$name: exit $code"
}

# version TOOL PACKAGE: what was recorded, for the README beside the recordings.
version() {
    # shellcheck disable=SC2016 # for dpkg-query
    printf '%s %s, Debian %s, %s\n' "$1" "$(dpkg-query --show --showformat '${Version}' "$2")" \
        "$(cat /etc/debian_version)" "$(date --utc +%F)" > "$OUT/$1/RECORDED"
}

# wait_for SECONDS COMMAND…: until it ends well.
wait_for() {
    local left=$1
    shift
    until "$@" > /dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || { echo "not within its time: $*" >&2; return 1; }
        sleep 1
    done
}
