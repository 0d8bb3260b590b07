# SPDX-License-Identifier: Apache-2.0
"""The page in a headless Chromium: its DOM after its scripts have run, and what its console said."""
import re
import shutil
import subprocess
import tempfile
from html.parser import HTMLParser

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
         "--enable-logging=stderr", "--v=0", "--virtual-time-budget=6000", "--dump-dom")
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


def browse(url, width=1280, height=2000):
    chromium = shutil.which("chromium")
    assert chromium, "chromium is not installed: make deps-dev"
    with tempfile.TemporaryDirectory(prefix="cb-browser-") as folder:
        done = subprocess.run([chromium, *FLAGS, f"--user-data-dir={folder}", f"--window-size={width},{height}", url],
                              capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr[-2000:]
    return Page(done.stdout, re.findall(r"CONSOLE.*", done.stderr))
