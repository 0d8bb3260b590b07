# SPDX-License-Identifier: Apache-2.0
"""The page's tests on a district of their own: parts, daemons and a generated day, as `make demo` makes them, then the
scripts beside this file in Debian's Chromium. --screens FOLDER takes pictures instead; --stay SECONDS leaves it running a while."""
import argparse
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from district import ROOT, District, binaries  # noqa: E402 the folder is no package


def start(district, events):
    """What `make demo` does, in a folder of its own."""
    district.command(ROOT / "deploy/local/charts", seconds=120)
    district.command(ROOT / "deploy/local/parts", "start", seconds=120)
    for script in ("parts", "daemons"):
        for word in shlex.split(district.command(ROOT / "deploy/local" / script, "env").stdout):
            name, value = word.split("=", 1)
            district.environment[name] = value
    district.environment["DEMO_EVENTS"] = str(events)
    return district.command(ROOT / "deploy/local/demo", seconds=600).stdout


def node(district, *words):
    environment = {**district.environment, "PAGE_MODULES": os.environ.get("PAGE_MODULES", str(ROOT / "build/page"))}
    return subprocess.run(["node", *words], env=environment, cwd=ROOT, check=False, timeout=900).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=int(os.environ.get("PAGE_EVENTS", "6000")))
    parser.add_argument("--screens", metavar="FOLDER")
    parser.add_argument("--stay", type=int, default=0, metavar="SECONDS")
    parser.add_argument("tests", nargs="*", help="files or names of tests/page; all of them otherwise")
    asked = parser.parse_args()
    district = District(binaries())
    began = time.monotonic()
    try:
        print(start(district, asked.events)[-400:], flush=True)
        print(f"page: a day of {asked.events} events in {time.monotonic() - began:.0f} s", flush=True)
        if asked.screens:
            status = node(district, HERE / "screens.mjs", asked.screens, *asked.tests)
        else:
            status = node(district, "--test", "--test-concurrency=1", *(asked.tests or sorted(HERE.glob("*.test.mjs"))))
        until = time.monotonic() + asked.stay
        stopped = district.run / "enough"
        while time.monotonic() < until and not stopped.exists():
            if asked.stay:
                print(f"page: {district.environment['CITYBRAIN_API']}/ until {stopped} is there", flush=True)
                asked.stay = 0
            time.sleep(0.5)
    except BaseException:
        district.show_logs()
        raise
    finally:
        left = district.stop()
    assert left == [], f"processes were left over: {left}"
    return status


sys.exit(main())
