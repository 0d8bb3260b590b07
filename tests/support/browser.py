# SPDX-License-Identifier: Apache-2.0
"""The page in a headless Chromium: its DOM after its scripts have run, and what its console said. One Chromium serves all tests of a
process, each in a tab for which nothing was kept: starting it costs more than what a test looks at."""
import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from html.parser import HTMLParser
from urllib.parse import urlsplit

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe")
VIRTUAL_MS = 6000  # the page's own clock runs so long, however long that takes
PATIENCE_S = 90
VOID = {"meta", "link", "br", "input", "img"}


class Page(HTMLParser):
    """Texts by the id of the innermost element that has one; which of them are hidden; which hold a canvas; where links lead."""

    def __init__(self, dom, console):
        super().__init__()
        self.console, self.texts, self.hidden, self.drawn, self.body, self.open, self.links = console, {}, set(), set(), {}, [], ""
        self.feed(dom)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "body":
            self.body = attributes
        if tag in VOID:
            return
        inherited = self.open[-1][1] if self.open else None
        self.open.append((tag, attributes.get("id", inherited)))
        self.links += f"{attributes.get('href', '')}\n"
        if "hidden" in attributes and "id" in attributes:
            self.hidden.add(attributes["id"])
        if tag == "canvas" and inherited:
            self.drawn.add(inherited)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if self.open and self.open[-1][1] and data.strip():
            self.texts.setdefault(self.open[-1][1], []).append(data.strip())

    def text(self, name):
        return " ".join(self.texts.get(name, []))


def said(event):
    """A console's line of what DevTools tells, or None."""
    told = event["params"]
    if event["method"] == "Log.entryAdded":
        return f"CONSOLE {told['entry']['text']}, source: {told['entry'].get('url', '')}"
    if event["method"] == "Runtime.consoleAPICalled":
        return f"CONSOLE {' '.join(str(one.get('value', one.get('description'))) for one in told['args'])}"
    if event["method"] == "Runtime.exceptionThrown":
        details = told["exceptionDetails"]
        return f"CONSOLE {details.get('exception', {}).get('description', details['text'])}, source: {details.get('url', '')}"
    return None


class Chromium:
    """DevTools' protocol over two pipes: a message ends with a zero byte."""

    def __init__(self):
        program = shutil.which("chromium")
        assert program, "chromium is not installed: make deps-dev"
        self.folder, self.number, self.rest, self.events = tempfile.mkdtemp(prefix="cb-browser-"), 0, b"", []
        its_input, self.to = os.pipe()
        self.answers, its_output = os.pipe()
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{its_input} 4>&{its_output}', "bash", program, *FLAGS, f"--user-data-dir={self.folder}"],
            pass_fds=(its_input, its_output), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        os.close(its_input)
        os.close(its_output)

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.to)
        os.close(self.answers)
        shutil.rmtree(self.folder, ignore_errors=True)

    def message(self, deadline):
        while b"\0" not in self.rest:
            readable, _, _ = select.select([self.answers], [], [], max(0, deadline - time.monotonic()))
            assert readable, f"chromium says nothing for {PATIENCE_S} s"
            more = os.read(self.answers, 1 << 20)
            assert more, "chromium ended"
            self.rest += more
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def ask(self, method, session=None, **params):
        self.number += 1
        question = {"id": self.number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        data, deadline = json.dumps(question).encode() + b"\0", time.monotonic() + PATIENCE_S
        while data:
            data = data[os.write(self.to, data):]
        while True:
            message = self.message(deadline)
            if message.get("id") == self.number:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]
            self.events.append(message)

    def await_events(self, session, *methods):
        missing, deadline = set(methods), time.monotonic() + PATIENCE_S
        while missing := missing - {event.get("method") for event in self.events if event.get("sessionId") == session}:
            self.events.append(self.message(deadline))

    def browse(self, url, width, height):
        """(DOM, lines of the console) when the page's clock has run."""
        self.events = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]  # a tab: a window costs three times as much
        try:
            session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for forget_it in ("Network.clearBrowserCache", "Network.clearBrowserCookies"):
                self.ask(forget_it, session)
            self.ask("Storage.clearDataForOrigin", session, origin="{0.scheme}://{0.netloc}".format(urlsplit(url)), storageTypes="all")
            for domain in ("Page", "Runtime", "Log"):
                self.ask(f"{domain}.enable", session)
            self.ask("Emulation.setDeviceMetricsOverride", session, width=width, height=height, deviceScaleFactor=1, mobile=False)
            self.events = []
            self.ask("Page.navigate", session, url=url)
            # Behind the navigation: an empty page would use the time up.
            self.ask("Emulation.setVirtualTimePolicy", session, policy="pauseIfNetworkFetchesPending", budget=VIRTUAL_MS,
                     maxVirtualTimeTaskStarvationCount=9999)
            self.await_events(session, "Page.loadEventFired", "Emulation.virtualTimeBudgetExpired")
            dom = self.ask("Runtime.evaluate", session, expression="document.documentElement.outerHTML")["result"]["value"]
            return dom, [line for event in self.events if event.get("sessionId") == session and (line := said(event))]
        finally:
            self.ask("Target.closeTarget", targetId=target)


CHROMIUM = []  # the one, once somebody browsed


def forget():
    while CHROMIUM:
        CHROMIUM.pop().end()


atexit.register(forget)


def browse(url, width=1280, height=2000):
    if not CHROMIUM:
        CHROMIUM.append(Chromium())
    try:
        return Page(*CHROMIUM[0].browse(url, width, height))
    except BaseException:
        forget()  # the next one begins with another
        raise
