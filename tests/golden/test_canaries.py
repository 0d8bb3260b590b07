# SPDX-License-Identifier: Apache-2.0
"""Invented people in every feed, without a broker: neither the events nor the answers of --stdin show one of them. That
the search would see them is shown on a mapping that lets them out. tests/e2e/test_canary.py asks the whole system."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug") / "citybrain-ingest"
sys.path.insert(0, str(ROOT / "tests" / "support"))
from canaries import Canaries, broken, csv_upload, families, json_upload  # noqa: E402 the folder is no package

FAMILIES = [family for family in families(ROOT / "config") if family.format != "cloudevents"]


def told(family, body, config):
    words = [BINARY, "--stdin", "--feed", family.id, "--config", config / "ingest.yaml",
             "--set", f"bundle.config_dir={config}"] + (["--form", "lines"] if family.format == "json" else [])
    done = subprocess.run(list(map(str, words)), input=body, cwd=ROOT, capture_output=True, timeout=60)
    assert done.returncode in (0, 1, 65), (done.returncode, done.stderr[-1000:])
    return done.stdout + done.stderr


def all_that_is_told(family, canaries, config):
    upload = csv_upload if family.format == "csv" else json_upload
    bodies = [upload(family, canaries, path) for path in family.cases()] + list(broken(family, canaries))
    return b"\n".join(told(family, body, config) for body in bodies if body)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.id)
def test_no_invented_person_comes_out_of_a_feed(family):
    canaries = Canaries(family.id)
    data = all_that_is_told(family, canaries, ROOT / "config")
    assert b'"specversion"' in data and b'"reject"' in data and len(canaries.planted) > 10
    assert canaries.found_in(data) == {}


def test_a_mapping_that_lets_them_out_is_seen(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    for name, charset in (("hotline", "utf-8"), ("hotline_csv", "gb18030")):
        path = tmp_path / f"config/feeds/{name}.yaml"
        text = path.read_text()
        assert "[来电人, 来电号码], class: drop" in text or "[来电人, 来电号码], class: contact" in text, name
        path.write_text(text.replace("[来电人, 来电号码], class: drop", "[来电人, 来电号码]")
                        .replace("[来电人, 来电号码], class: contact", "[来电人, 来电号码]"))
        family = next(one for one in FAMILIES if one.id == name)
        assert family.charset == charset
        canaries = Canaries(1)
        assert len(canaries.found_in(all_that_is_told(family, canaries, tmp_path / "config"))) > 10
