#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""send.py KEY_FILE URL FILE [CONTENT_TYPE]: one signed upload, with the standard library alone (docs/signing.md).
The door's answer goes to stdout. Exit 0: it is stored; 1: refused; 69: no answer, send it again later."""
import hashlib, hmac, secrets, sys, time, urllib.error, urllib.request


def authorization(key, method, url, body, headers):
    now, message, target = str(int(time.time())), secrets.token_hex(16), "/" + url.split("://", 1)[1].partition("/")[2]
    lines = ["v1", method, target, key["station"], key["key"], now, message, hashlib.sha256(body).hexdigest()]
    lines += sorted(f"{n.lower()}:{v.strip()}" for n, v in headers.items() if n.lower().startswith(("citybrain-", "ce-")))
    mac = hmac.new(bytes.fromhex(key["secret"]), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
    return f"Citybrain-HMAC station={key['station']},key={key['key']},time={now},message={message},signature={mac}"


def send(key, url, body, headers):
    for wait in (1, 2, 4, 8, 16, 0):  # each attempt is signed anew: a message id is good once
        signed = {**headers, "Authorization": authorization(key, "POST", url, body, headers)}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, signed), timeout=60) as answer:
                return 0, answer.read()
        except urllib.error.HTTPError as refused:
            if refused.code not in (408, 429) and refused.code < 500:
                return 1, refused.read()
        except OSError as silence:
            print(silence, file=sys.stderr)
        time.sleep(wait)
    return 69, b""


if __name__ == "__main__":
    key = dict(line.split("=", 1) for line in open(sys.argv[1], encoding="ascii").read().split())
    status, said = send(key, sys.argv[2], open(sys.argv[3], "rb").read(), {"Content-Type": (sys.argv + ["application/x-ndjson"])[4]})
    sys.exit(print(said.decode()) or status)
