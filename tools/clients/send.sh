#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# send.sh KEY_FILE URL FILE [CONTENT_TYPE]: one signed upload with openssl and curl (docs/signing.md).
# The door's answer goes to stdout. Exit 0: it is stored; 1: refused; 69: no answer, send it again later.
set -eu
key=$1 url=$2 file=$3 type=${4:-application/x-ndjson}
get() { sed -n "s/^$1=//p" "$key"; }
station=$(get station) name=$(get key) secret=$(get secret) target=/${url#*://*/}
pad() { # the secret XOR $1, filled up to 64 bytes. HMAC by hand: what openssl gets as a word, everybody sees in ps
    rest=$secret n=0
    while [ $n -lt 64 ]; do
        byte=0
        if [ -n "$rest" ]; then byte=0x${rest%"${rest#??}"} rest=${rest#??}; fi
        # shellcheck disable=SC2059 # an octal escape, made right here
        printf "\\$(printf %03o $((byte ^ $1)))" && n=$((n + 1))
    done
}
hash() { openssl dgst -sha256 -r | cut -d' ' -f1; }
for wait in 1 2 4 8 16 0; do # each attempt is signed anew: a message id is good once
    now=$(date +%s) message=$(openssl rand -hex 16)
    text=$(printf '%s\n' v1 POST "$target" "$station" "$name" "$now" "$message" "$(hash <"$file")")
    mac=$({ pad 92 && { pad 54 && printf %s "$text"; } | openssl dgst -sha256 -binary; } | hash)
    answer=$(curl -sS -w '\n%{http_code}' -H "Content-Type: $type" -H Expect: --data-binary "@$file" "$url" -H \
        "Authorization: Citybrain-HMAC station=$station,key=$name,time=$now,message=$message,signature=$mac") || true
    case ${answer##*[!0-9]} in # the status stands last
    2??) printf '%s\n' "${answer%???}" && exit 0 ;;
    408 | 429 | 5?? | 000 | '') sleep $wait ;;
    *) printf '%s\n' "${answer%???}" && exit 1 ;;
    esac
done
exit 69
