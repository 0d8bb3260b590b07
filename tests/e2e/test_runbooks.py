# SPDX-License-Identifier: Apache-2.0
"""What a runbook tells somebody on call to type is typed, line by line, on a district that runs: each **Look** of each page, with the
words in capitals filled in. Of machines that have systemd, NTP or core dumps kept, only that the line is one of those."""
import functools
import re
import subprocess

import pytest

from district import ROOT, until
from test_path import order

PAGES = sorted((ROOT / "docs/runbooks").glob("*.md"))
ELSEWHERE = ("systemctl ", "journalctl ", "coredumpctl ", "date -u; chronyc ", "git log ")
FILLED = {"CITYBRAIN_NAME_ADMIN": "CITYBRAIN_AGGREGATOR_ADMIN", "citybrain-NAME": "citybrain-aggregator", "NAME-1": "aggregator-1",
          "NAME.yaml": "aggregator.yaml", "CASE": "request:12345:BOOK1", "FEED": "hotline", "FOLDER": "/etc/apt", "PLACE": "0/0",
          "PARTITION/OFFSET": "0/0", "DATE": "2026-01-01"}
MAY = {"citybrain check": (0, 78), "citybrain dead show": (0, 1), "grep ": (0, 1), "citybrain verify": (0, 1)}  # a district is not faultless


def looks(page):
    text = page.read_text().partition("**Look**")[2].partition("**Do**")[0]
    for block in re.findall(r"^```\n(.*?)^```", text, re.M | re.S):
        for line in block.splitlines():
            yield re.sub(r"\s{2,}#.*", "", line)


def filled(line):
    for word, value in FILLED.items():
        line = re.sub(rf"(?<![A-Z]){re.escape(word)}(?![A-Z])", value, line)
    return line.replace(".run/", "$CITYBRAIN_RUN/")


@pytest.fixture(scope="module")
def shell(district):
    district.accepted("hotline", [order("BOOK1"), order("BOOK2")])
    until(lambda: district.citybrain("why", "request:12345:BOOK1", check=False).returncode == 0, "the case is there", 60)

    @functools.cache  # what several pages say is typed once: some lines read the whole log
    def run(line):
        env = {**district.environment, "PATH": f"{district.binaries}:{district.environment['PATH']}"}
        return subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    return run


@pytest.mark.parametrize("page", [page for page in PAGES if list(looks(page))], ids=lambda page: page.stem)
def test_what_a_page_tells_to_look_at_can_be_looked_at(page, shell):
    faults = []
    for line in looks(page):
        if line.startswith(ELSEWHERE):
            continue
        done = shell(filled(line))
        allowed = next((codes for words, codes in MAY.items() if words in line), (0,))
        said = [words for words in ("command not found", "usage:", "see: citybrain", "ERROR:", "No such file", "invalid option",
                                    "unbound variable", "<insufficient privilege>") if words in done.stderr + done.stdout]
        if done.returncode not in allowed or said:
            faults.append(f"{line}\n  -> {done.returncode} {said} {(done.stderr or done.stdout)[-300:]}")
    assert not faults, "\n".join(faults)


def test_every_page_has_something_to_look_at():
    """In fences, or as numbered lines: or the test above would be quiet about nothing."""
    assert len([page for page in PAGES if list(looks(page))]) >= 26
    assert sum(not line.startswith(ELSEWHERE) for page in PAGES for line in looks(page)) >= 60
