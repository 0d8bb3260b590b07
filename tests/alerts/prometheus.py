# SPDX-License-Identifier: Apache-2.0
"""Debian's Prometheus beside a district: on loopback, with the shipped rules, asked each second which alerts fire."""
import json
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/citybrain.yaml"
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# The only changes to the shipped rules: {alert: [(shipped, here)]}. A window of 15 minutes would hide for a quarter of an
# hour whether the alert clears; its rule is the same with a window of one, and waits a fifteenth of what it waits else.
SUBSTITUTIONS = {"DeadRatio": [("[15m]", "[1m]"), ("5m", "20s")]}


def rules():
    """The shipped rules with the substitutions."""
    text = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    for rule in (rule for group in text["groups"] for rule in group["rules"]):
        for shipped, here in SUBSTITUTIONS.get(rule["alert"], []):
            assert shipped in rule["expr"] or shipped == rule["for"], (rule["alert"], shipped)
            rule["expr"] = rule["expr"].replace(shipped, here) if shipped in rule["expr"] else rule["expr"]
            rule["for"] = here if shipped == rule["for"] else rule["for"]
    return text


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    """`targets`: {job: [host:port]}. `changes` are (when, alert, whether it fires now), as they were seen."""

    def __init__(self, folder, targets):
        self.folder, self.port = Path(folder), free_port()
        self.folder.mkdir(parents=True)
        (self.folder / "rules.yaml").write_text(yaml.safe_dump(rules(), allow_unicode=True), encoding="utf-8")
        (self.folder / "prometheus.yaml").write_text(yaml.safe_dump({
            "global": {"scrape_interval": "5s", "scrape_timeout": "4s", "evaluation_interval": "5s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": job, "static_configs": [{"targets": places}]} for job, places in targets.items()]}))
        self.changes, self.firing, self.ending = [], set(), threading.Event()

    def start(self):
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.folder}/prometheus.yaml", f"--storage.tsdb.path={self.folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"], stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.ask("query?query=1")
                break
            except OSError:
                assert time.monotonic() < deadline and self.process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.2)
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()

    def ask(self, question):
        with HTTP.open(f"http://127.0.0.1:{self.port}/api/v1/{question}", timeout=10) as reply:
            return json.load(reply)["data"]

    def _watch(self):
        while not self.ending.wait(1):
            try:
                now = {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"}
            except OSError:
                continue
            for alert in now ^ self.firing:
                self.changes.append((time.time(), alert, alert in now))
            self.firing = now

    def seen(self, alert, fires, since):
        """When it was seen to begin (or to end) after `since`, or None."""
        return next((when for when, name, state in self.changes if name == alert and state == fires and when >= since), None)

    def stop(self):
        self.ending.set()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
