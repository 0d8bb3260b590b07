#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make afternoon: docs/new-district.md from its first block to its last, step 8 among them, in one shell of a person in an empty
folder: Kafka, PostgreSQL and the daemons on the district that was made, history and today's rows sent, seen in SQL, at the desk and
through the page's own questions. `make golden` does the steps that need no broker; here a block's time is told as well."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from browser import browse  # noqa: E402 the folder is no package

PAGE = ROOT / "docs/new-district.md"
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))
MARK, LOOK, TICK = "@@block", 8, 45  # seconds that a person lets pass before looking, at the desk for a tick


def blocks():
    """What is typed: all fences but those that show what is printed, and those of the package."""
    return [block for kind, block in re.findall(r"^```(sh|text|)\n(.*?)^```$", PAGE.read_text(), re.M | re.S) if kind != "text"]


def typed(block):
    """Who sends looks a moment later."""
    block = re.sub(r"^(citybrain send .*)$", rf"\1\nsleep {LOOK}", block, flags=re.M)
    return re.sub(r"^(citybrain desk ls)", rf"sleep {TICK}\n\1", block, flags=re.M)


def play(folder, environment):
    """[(block, seconds, what it printed)]"""
    lines = [f"CHECKOUT={ROOT} PATH={os.environ['CITYBRAIN_BIN']}:$PATH"]
    for block in blocks():
        lines += [f"echo {MARK} $(date +%s.%N)", typed(block)]
    lines += [f"echo {MARK} $(date +%s.%N)", "env | grep -E '^CITYBRAIN_(API|URL)='"]
    ran = subprocess.run(["bash", "-c", "\n".join(lines)], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, timeout=900)
    parts = re.split(rf"^{MARK} ([\d.]+)\n", ran.stdout, flags=re.M)
    begins, said = [float(one) for one in parts[1::2]], parts[2::2]
    return [(block, after - before, text) for block, before, after, text in zip(blocks(), begins, begins[1:], said)], said[-1]


def checks(done, addresses):
    """(what, whether)"""
    text = {block.strip().splitlines()[-1]: said for block, _, said in done}
    history, today = done[-2][2], done[-1][2]
    api = re.search(r"^CITYBRAIN_API=(.+)$", addresses, re.M)[1]
    ask = lambda question: json.load(HTTP.open(f"{api}/api/{question}", timeout=10))["rows"]
    yield "no error on the way", not re.search(r"not found|No such file|: error: |Traceback|not ok", "".join(text.values()))
    yield "the bad row of history is named", '"row":3' in history and "bad_date" in history
    yield "history is counted", re.search(r"^2026-03-02\t3\t1\t1\t", history, re.M) is not None
    yield "history is dispatched to nobody", "XC0001" not in today.split("tap dispatch")[-1]
    yield "today's orders are with the bureau", all(f"assigned\tinspection:market:XC010{n}" in today for n in (1, 2))
    yield "what the trigger found waits at the desk", re.search(r"^proactive:patrol_again:\S+\t未诉先办待确认\t.*\t登良社区\t-$", today, re.M) is not None
    yield "cases on the page", {row["case"] for row in ask("cases?kind=inspection")} >= {"inspection:market:XC0001", "inspection:market:XC0101"}
    shown = browse(f"{api}/#view=figures&name=inspection&range=all").text("figures")
    yield "the view on the page: who has what, and the sum", all(words in shown for words in ("整改率", "区市场监管局 2 0 0 0.0%", "合计 5 1 1 20.0%"))
    yield "the page itself", b"<html" in HTTP.open(f"{api}/", timeout=10).read()


def main():
    bad = 0
    with tempfile.TemporaryDirectory(prefix="cb-afternoon-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("CITYBRAIN_", "MAKE", "MFLAGS"))}
        environment |= {"CITYBRAIN_RUN": f"{folder}/run", "CITYBRAIN_BIN": os.environ["CITYBRAIN_BIN"], "LC_ALL": "C.UTF-8",
                        "PORT_BASE": os.environ.get("PORT_BASE", "28500")}
        Path(folder, "empty").mkdir()
        try:
            done, addresses = play(f"{folder}/empty", environment)
            for block, seconds, _ in done:
                print(f"{seconds:7.1f} s  … {block.strip().splitlines()[-1][:90]}")
            for what, good in checks(done, addresses):
                bad += not good
                print(f"  {'ok  ' if good else 'BAD '} {what}")
            if bad:
                print(*(said for _, _, said in done[-2:]), sep="\n", file=sys.stderr)
        finally:
            for words in (("daemons", "stop"), ("parts", "wipe")):
                subprocess.run([ROOT / "deploy/local" / words[0], words[1]], env=environment, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    print("afternoon: as the guide says" if not bad else f"afternoon: {bad} of it not as the guide says")
    return 1 if bad else 0


if __name__ == "__main__":
    began = time.monotonic()
    status = main()
    print(f"{time.monotonic() - began:.0f} s")
    sys.exit(status)
