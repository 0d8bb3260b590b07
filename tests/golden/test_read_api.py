# SPDX-License-Identifier: Apache-2.0
"""Verbs that ask the read API, as who they ask and what they say where it does not let them in: over an API of canned answers."""
import http.server
import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CITYBRAIN = Path(os.environ.get("CITYBRAIN_BIN", ROOT / "build/debug")) / "citybrain"
CASE = "request:12345:1"
VERBS = {"views": ("views", "show", "inflow"), "report": ("report", "daily", "2026-03-01"), "stations": ("stations",), "why": ("why", CASE)}
ANSWER = {"view": "inflow", "now": 1, "rows": [], "counts": {}, "case": CASE, "timeline": [], "lines": "",
          "answers": [{"status": 200, "body": {"now": 1, "rows": [], "units": [], "who": {"all": True}}}] * 11}


@pytest.fixture
def api():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked_as = self.headers.get("Authorization")
            self.server.asked.append(asked_as)
            status = 429 if self.server.busy else 200 if asked_as == "Bearer mine" else 401
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "7")
            self.end_headers()
            self.wfile.write(json.dumps(ANSWER if status == 200 else {"title": "no", "detail": "raw"}).encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.busy, server.url = [], False, "http://127.0.0.1:%d" % server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def ask(api, verb, token):
    environment = {name: value for name, value in os.environ.items() if name != "CITYBRAIN_API_TOKEN"}
    environment.update({"CITYBRAIN_API": api.url, "CITYBRAIN_BROKERS": "127.0.0.1:1"}, **({} if token is None else {"CITYBRAIN_API_TOKEN": token}))
    return subprocess.run([CITYBRAIN, *VERBS[verb]], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("verb", VERBS)
def test_who_has_a_token_asks_with_it(api, verb):
    done = ask(api, verb, "mine")
    assert api.asked and set(api.asked) == {"Bearer mine"}
    assert "CITYBRAIN_API_TOKEN" not in done.stderr and done.returncode != 69, done.stderr


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("token, cause, fix", [
    (None, "lets nobody in without a token", "set CITYBRAIN_API_TOKEN to yours (of a unit,"),
    ("", "lets nobody in without a token", "set CITYBRAIN_API_TOKEN to yours"),
    ("another", "does not take the token of $CITYBRAIN_API_TOKEN", "one of a unit, a station or a reader")])
def test_who_is_not_let_in_is_told_why(api, verb, token, cause, fix):
    done = ask(api, verb, token)
    assert (done.returncode, done.stdout) == (69, "")
    assert done.stderr.startswith(f"citybrain {verb}: {api.url} {cause}; fix: ") and fix in done.stderr, done.stderr
    assert "another" not in done.stderr and "{" not in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
    assert set(api.asked) == {"Bearer another" if token else None}


@pytest.mark.parametrize("verb", VERBS)
def test_who_asks_too_often_is_told_when_to_ask_again(api, verb):
    api.busy = True
    done = ask(api, verb, "mine")
    assert done.returncode == 69 and "too often; fix: ask again in 7 s" in done.stderr and len(done.stderr.splitlines()) == 1
