# SPDX-License-Identifier: Apache-2.0
"""docs/feeds.md: made of the feeds as they are, and its first half hour done as it is written."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARIES = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug")
PAGE = ROOT / "docs/feeds.md"


def test_the_page_is_made_of_the_feeds_as_they_are():
    done = subprocess.run(["/usr/bin/python3", ROOT / "tools/docs/feeds.py", "--check"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_changed_feed_makes_the_page_stale(tmp_path):
    for name in ("config", "tools/docs", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    path = tmp_path / "config/feeds/weather.yaml"
    path.write_text(path.read_text().replace("雷电: thunder", "雷暴: thunder"))
    done = subprocess.run(["/usr/bin/python3", tmp_path / "tools/docs/feeds.py", "--check"], capture_output=True,
                          text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "docs/feeds.md is stale: make docs\n")


def test_every_feed_has_a_section_and_every_link_leads_somewhere():
    text = PAGE.read_text()
    sections = set(re.findall(r"^### `(\w+)`", text, re.M))
    assert sections == {path.stem for path in (ROOT / "config/feeds").glob("*.yaml")}
    for target in set(re.findall(r"\]\(([^)#]+)\)", text)):
        assert (PAGE.parent / target).exists(), target


@pytest.fixture(scope="module")
def half_hour(tmp_path_factory):
    """Each sh block of the guide in order; yields (block, what it printed, what the page says it prints)."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "config", folder / "config")
    guide = PAGE.read_text().split("## A new feed in thirty minutes", 1)[1].split("\n## ", 1)[0]
    environment = {**os.environ, "PATH": f"{BINARIES}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    blocks, done = re.findall(r"^```(sh|text)\n(.*?)^```$", guide, re.M | re.S), []
    for kind, block in blocks:
        if kind == "text":
            done[-1][2].extend(block.splitlines())
            continue
        block = block.replace("make  ", "true  ").replace("PATH=$PWD/build/debug:$PATH", "")
        ran = subprocess.run(["bash", "-c", block], cwd=folder, env=environment, capture_output=True, text=True,
                             timeout=60, check=False)
        done.append((block, ran.stdout + ran.stderr, []))
    return done


def test_the_first_half_hour_goes_as_it_is_written(half_hour):
    assert len(half_hour) >= 5
    shown = 0
    for block, printed, promised in half_hour:
        for line in promised:
            assert line in printed, f"{block}\nprints not: {line}\nbut:\n{printed}"
            shown += 1
    assert shown >= 8


def test_nothing_else_goes_wrong_on_the_way(half_hour):
    for block, printed, _ in half_hour:
        assert "not found" not in printed and "No such file" not in printed, f"{block}\n{printed}"
        if "citybrain" not in block:
            assert printed == "", f"{block}\n{printed}"
