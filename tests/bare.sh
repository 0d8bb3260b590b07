#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The newcomer's first hour, in a fresh minimal Debian 12: debootstrap, clone, `make demo` twice,
# `make stop`; then nothing of it may run or listen. Needs root and the package debootstrap.
#
#   tests/bare.sh [FOLDER]           FOLDER: where the chroot goes (default: a new one below /var/tmp)
# Environment:
#   BARE_COMMANDS  run instead of make demo, make demo, make stop; one command a line
#   BARE_LOG       the log                          (build/bare.log)
#   BARE_KEEP=1    keep the folder at the end; a kept folder is used again as it is
#   MIRROR         the Debian mirror for debootstrap (its own default)
#
# The chroot gets from the host what the network needs: resolver, apt's settings, extra CA
# certificates, Maven's settings, proxy variables; and the two packages needed to type `make` in a
# clone. Everything else the checkout has to bring by itself.
set -euo pipefail

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
LOG=${BARE_LOG:-$ROOT/build/bare.log}
PLACE=/home/newcomer/citybrain
MADE=''

say()
{
    printf 'bare: %s %s\n' "$(date +%T)" "$*" | tee -a "$LOG" >&2
}

die()
{
    say "$1"
    printf '  fix: %s\n' "$2" >&2
    exit "$3"
}

# The processes whose root is the chroot, one pid a line.
inside()
{
    local root
    for root in /proc/[0-9]*/root; do
        if [ "$root" -ef "$JAIL" ]; then
            root=${root%/root}
            printf '%s\n' "${root#/proc/}"
        fi
    done
}

describe()
{
    local pid
    for pid in "$@"; do
        printf '%s: %s\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-150)"
    done
}

# The loopback and wildcard ports somebody listens on, as PORT lines.
listening()
{
    local address state
    while read -r _ address _ state _; do
        [ "$state" != 0A ] || printf '%d\n' "$((16#${address##*:}))"
    done < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null) | sort -un
}

end_inside()
{
    local signal pid try
    for signal in TERM KILL; do
        for pid in $(inside); do
            kill "-$signal" "$pid" 2>/dev/null || true
        done
        for ((try = 0; try < 50; try++)); do
            [ -n "$(inside)" ] || return 0
            sleep 0.1
        done
    done
}

clean_up()
{
    local code=$?
    trap - EXIT INT TERM
    if [ -n "$MADE" ]; then
        end_inside
        if mountpoint -q "$JAIL/proc"; then
            umount "$JAIL/proc" || umount -l "$JAIL/proc"
        fi
        # Never walk into something that is still mounted.
        if [ -z "${BARE_KEEP:-}" ] && ! grep -q " $JAIL/" /proc/mounts; then
            rm -rf --one-file-system -- "$JAIL"
        fi
    fi
    exit "$code"
}

make_jail()
{
    if [ -x "$JAIL/usr/bin/apt-get" ] && [ -n "${BARE_KEEP:-}" ]; then
        say "using the chroot in $JAIL as it is"
    else
        [ -z "$(ls -A "$JAIL")" ] || die "$JAIL is not empty" "name an empty or a new folder" 64
        say "debootstrap bookworm (minbase) into $JAIL"
        debootstrap --variant=minbase bookworm "$JAIL" ${MIRROR:+"$MIRROR"} >>"$LOG" 2>&1 ||
            die "debootstrap failed" "read $LOG; MIRROR=… names another mirror" 69
    fi
    mountpoint -q "$JAIL/proc" || mount -t proc proc "$JAIL/proc"
}

# copy_in PATH: a file or folder of the host to the same place inside, if there is one.
copy_in()
{
    [ -e "$1" ] || return 0
    mkdir -p "$JAIL$(dirname "$1")"
    cp -rL --preserve=mode -- "$1" "$JAIL$(dirname "$1")/"
}

copy_network()
{
    copy_in /etc/resolv.conf
    copy_in /etc/hosts
    rm -rf "$JAIL/etc/apt/sources.list" "$JAIL/etc/apt/sources.list.d"
    copy_in /etc/apt
    copy_in /usr/local/share/ca-certificates
    # For apt over https, before the package ca-certificates is there to make this file.
    copy_in /etc/ssl/certs/ca-certificates.crt
    mkdir -p "$JAIL/root/.m2"
    [ ! -e "${HOME:-/root}/.m2/settings.xml" ] || cp -- "${HOME:-/root}/.m2/settings.xml" "$JAIL/root/.m2/"
}

# in_jail COMMAND: a login-like, nearly empty environment; only proxies come along.
in_jail()
{
    local name keep=()
    for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY MAVEN_OPTS; do
        [ -z "${!name:-}" ] || keep+=("$name=${!name}")
    done
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8 \
        ${keep[@]+"${keep[@]}"} chroot "$JAIL" /bin/bash -c "cd $PLACE 2>/dev/null || cd /; $1" </dev/null
}

clone()
{
    say "cloning the checkout"
    rm -rf "$JAIL$PLACE"
    mkdir -p "$JAIL$(dirname "$PLACE")"
    git clone -q --no-hardlinks "$ROOT" "$JAIL$PLACE" >>"$LOG" 2>&1
    chown -R root:root "$JAIL$PLACE"
}

run()
{
    local began=$SECONDS
    say "\$ $1"
    in_jail "$1" >>"$LOG" 2>&1 || die "'$1' failed with $?; the log's end: $(tail -n 25 "$LOG")" "read $LOG" 1
    say "done in $((SECONDS - began)) s"
}

check_nothing_left()
{
    local left new
    left=$(inside)
    if [ -n "$left" ]; then
        # shellcheck disable=SC2086 # a list of pids
        die "processes are left: $(describe $left)" "make stop must end what it started" 1
    fi
    new=$(comm -13 <(printf '%s\n' "$1" | sort) <(listening | sort) | tr '\n' ' ')
    # With no process of the chroot left, a new listener is somebody else's; it is named all the same.
    [ -z "$new" ] || say "note: ports that others began to listen on meanwhile: $new"
    say "no process and no open port is left"
}

main()
{
    local before command
    [ "$(id -u)" = 0 ] || { echo "bare: a chroot needs root" >&2; exit 69; }
    command -v debootstrap >/dev/null || { printf 'bare: debootstrap is missing\n  fix: make deps-dev\n' >&2; exit 69; }
    mkdir -p "$(dirname "$LOG")"
    : >"$LOG"
    JAIL=${1:-$(mktemp -d /var/tmp/citybrain-bare.XXXXXX)}
    mkdir -p "$JAIL"
    # mktemp's 700 would shut every user but root out of the whole system inside.
    chmod 755 "$JAIL"
    JAIL=$(cd "$JAIL" && pwd -P)
    [ "$JAIL" != / ] || exit 64
    trap clean_up EXIT
    trap 'exit 130' INT TERM
    MADE=1
    before=$(listening)
    make_jail
    copy_network
    run 'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends make git'
    clone
    while read -r command; do
        [ -z "$command" ] || run "$command"
    done <<<"${BARE_COMMANDS:-$'make demo\nmake demo\nmake stop'}"
    check_nothing_left "$before"
    echo "--- the last lines of $LOG"
    tail -n 25 "$LOG"
}

main "$@"
