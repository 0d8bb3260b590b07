# SPDX-License-Identifier: Apache-2.0
"""A station that posts: each request signed anew, connections kept."""
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

SECRET = hashlib.sha256(b"a key of the bench").digest()
PATH = "/v1/feeds/hotline"
CLIENTS = 4


def write_keys(path):
    path.write_text("station,key,kind,names,party,secret\nbench,k1,feed,hotline,source,%s\n" % SECRET.hex())
    path.chmod(0o600)


def authorization(body):
    now, message = str(int(time.time())), os.urandom(16).hex()
    text = "\n".join(("v1", "POST", PATH, "bench", "k1", now, message, hashlib.sha256(body).hexdigest()))
    return "Citybrain-HMAC station=bench,key=k1,time=%s,message=%s,signature=%s" % (
        now, message, hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest())


def post(door, body):
    door.request("POST", PATH, body, {"Content-Type": "application/x-ndjson; charset=utf-8",
                                      "Authorization": authorization(body)})
    answer = door.getresponse()
    return answer.status, answer.read()


def is_open(port):
    """Whether records are taken by now."""
    with contextlib.suppress(OSError), contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as door:
        status, answer = post(door, b"{}\n")
        assert status in (200, 202, 207, 422, 503), (status, answer)
        return status != 503
    return False


def post_some(port, bodies):
    """Verdicts that came back."""
    verdicts = 0
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as door:
        for body in bodies:
            status, answer = post(door, body)
            while status in (429, 503):
                time.sleep(0.05)
                status, answer = post(door, body)
            assert status in (200, 202, 207), (status, answer[:500])
            verdicts += len(json.loads(answer)["results"])
    return verdicts


def post_all(port, bodies):
    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(lambda n: post_some(port, bodies[n::CLIENTS]), range(CLIENTS)))
