# SPDX-License-Identifier: Apache-2.0
"""docs/new-district.md, done as it is written, from an empty folder; the Chinese page has the same blocks."""
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARIES = (ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug")).resolve()
PAGE, CHINESE = ROOT / "docs/new-district.md", ROOT / "docs/new-district.zh-CN.md"
BLOCKS = r"^```(sh|text|)\n(.*?)^```$"


@pytest.fixture(scope="module")
def afternoon(tmp_path_factory):
    """Each sh block in order, in one shell's folder; [block, exit code, what it printed, what the page says it prints]."""
    folder = tmp_path_factory.mktemp("afternoon")
    environment = {**os.environ, "PATH": f"{BINARIES}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "CITYBRAIN_CONFIG": "mine"}
    done = []
    for kind, block in re.findall(BLOCKS, PAGE.read_text(), re.M | re.S):
        if kind == "text":
            done[-1][3].extend(block.splitlines())
        elif kind == "sh":
            ran = subprocess.run(["bash", "-c", block], cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
            done.append([block, ran.returncode, ran.stdout + ran.stderr, []])
    return folder, done


def test_the_afternoon_goes_as_it_is_written(afternoon):
    _, done = afternoon
    promised = [(block, printed, line) for block, _, printed, lines in done for line in lines]
    assert len(done) == 8 and len(promised) >= 10
    for block, printed, line in promised:
        assert line in printed, f"{block}\nprints not: {line}\nbut:\n{printed}"


def test_nothing_goes_wrong_on_the_way(afternoon):
    _, done = afternoon
    for block, _, printed, _ in done:
        for word in ("not ok", "not found", "No such file", ": error: ", "Traceback"):
            assert word not in printed, f"{block}\n{printed}"
    assert not [printed for block, _, printed, _ in done if "citybrain try" not in block and "--update" not in block and " 1 reject" in printed]


def test_at_the_end_check_and_test_pass(afternoon):
    folder, _ = afternoon
    for words in (["check", "--on", "2026-06-01"], ["test"]):
        done = subprocess.run([BINARIES / "citybrain", *words, "--config", "mine"], cwd=folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    made = {path.suffix for path in (folder / "mine").rglob("*") if path.is_file()}
    assert made == {".yaml", ".csv", ".jsonl", ".ndjson"}  # data alone


def test_both_languages_have_the_same_blocks():
    assert re.findall(BLOCKS, PAGE.read_text(), re.M | re.S) == re.findall(BLOCKS, CHINESE.read_text(), re.M | re.S)


def test_every_link_leads_somewhere():
    for page in (PAGE, CHINESE):
        for target in set(re.findall(r"\]\(([^)#]+)\)", page.read_text())):
            assert (page.parent / target).exists(), target


def test_a_run_folder_goes_on_with_its_own_district(tmp_path):
    """Another terminal, another day: the same configuration; another one's log and numbers are no beginning."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CITYBRAIN_")}

    def ask(script, *words, **more):
        return subprocess.run([ROOT / "deploy/local" / script, *words], env={**plain, "CITYBRAIN_RUN": str(tmp_path / "run"), **more},
                              capture_output=True, text=True, timeout=60)
    for name, code in (("mine", "440305"), ("copy", "440305"), ("other", "110105")):
        (tmp_path / name / "registries").mkdir(parents=True)
        (tmp_path / name / "registries/divisions.csv").write_text(f"level,code,parent_code,name\ndistrict,{code},,区\n")
    for name in ("mine", "copy"):
        assert ask("district", CITYBRAIN_CONFIG=str(tmp_path / name)).stdout == f"{tmp_path}/{name}\n"
    assert ask("district").stdout == f"{tmp_path}/copy\n" and f"CITYBRAIN_CONFIG='{tmp_path}/copy'\n" in ask("daemons", "env").stdout
    refused = ask("district", CITYBRAIN_CONFIG=str(tmp_path / "other"))
    assert (refused.returncode, refused.stdout) == (78, "") and f"440305 of {tmp_path}/copy" in refused.stderr and "parts wipe" in refused.stderr
