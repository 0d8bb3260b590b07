# SPDX-License-Identifier: Apache-2.0
"""`citybrain mapping copy`: a version of a feed as text behind the last one, and nothing else of the file."""
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = (ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug")).resolve() / "citybrain"
FEED = """# 巡查: whose is what
feed: patrol
owner: d_market
versions:
  # the first
  - version: 1   # 初版
    valid_from: 2026-01-01
    format: ndjson
    zone: Asia/Shanghai
    namespace: request:patrol
    number: 单号
    tables:
      types: tables/types.csv
    events:
      - stage: opened
        time: 时间
        data:
          type_code: { from: 类别, table: types }
    # of the first still

  # the second
  - valid_from: "2026-02-01T00:00+08:00"
    version: 2
    format: ndjson
    zone: Asia/Shanghai
    namespace: request:patrol
    number: 单号
    events:
      - stage: opened
        time: 时间

cadence: 1d   # behind them
"""


@pytest.fixture
def config(tmp_path):
    config = Path(shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("cases")))
    (config / "feeds/tables").mkdir(exist_ok=True)
    (config / "feeds/tables/types.csv").write_text("from,to\n无证经营,R0105\n")
    (config / "feeds/patrol.yaml").write_text(FEED)
    (config / "feeds/patrol.yaml").chmod(0o640)
    return config


def copy(config, *words, status=0):
    done = subprocess.run([BINARY, "mapping", "copy", *words, "--config", config], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    return done


def check(config):
    done = subprocess.run([BINARY, "check", "--config", config, "--on", "2026-06-01"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_the_newest_is_copied_behind_itself(config):
    path = config / "feeds/patrol.yaml"
    said = copy(config, "patrol", "--since", "2026-03-02T18:00:00+08:00").stdout
    newest = FEED[FEED.index('  - valid_from: "2026-02'):FEED.index("\ncadence")]
    wanted = newest.replace('"2026-02-01T00:00+08:00"', "2026-03-02T18:00:00+08:00").replace("version: 2", "version: 3")
    assert path.read_text() == FEED.replace(newest, newest + wanted)
    assert path.stat().st_mode & 0o777 == 0o640 and not list(path.parent.glob("*.new"))
    line = path.read_text().split("  - valid_from: 2026-03-02")[0].count("\n") + 1
    assert said.startswith(f"{path}:{line}: ") and f"lines {line} to {line + 8}" in said and "tables" not in said
    check(config)


def test_an_older_one_is_copied_and_shared_files_are_named(config):
    path = config / "feeds/patrol.yaml"
    said = json.loads(copy(config, "patrol", "--of", "1", "--since", "2026-03-02", "--json").stdout)
    lines = path.read_text().splitlines()
    assert lines[said["first_line"] - 1] == "  - version: 3   # 初版" and lines[said["last_line"] - 1] == "    # of the first still"
    assert lines[said["first_line"]] == "    valid_from: 2026-03-02T00:00:00+08:00"
    assert (said["version"], said["of"], said["shared"]) == (3, 1, "tables/types.csv")
    assert "\n".join(lines[:said["first_line"] - 1] + lines[said["last_line"]:]) + "\n" == FEED
    assert "tables/types.csv" in copy(config, "patrol").stdout  # in force from now on
    check(config)


def test_a_shipped_feed_can_be_copied(config):
    for path in sorted((config / "feeds").glob("*.yaml")):
        before = path.read_text().splitlines()
        said = json.loads(copy(config, path.stem, "--json").stdout)
        after = path.read_text().splitlines()
        assert after[:said["first_line"] - 1] + after[said["last_line"]:] == before, path.name
    check(config)


@pytest.mark.parametrize("words, status, says", [
    (["none"], 78, "none.yaml: error: cannot be read"),
    (["patrol", "--of", "7"], 78, "there is no version 7"),
    (["patrol", "--since", "2026-01-15"], 78, "do not rise"),
    (["patrol", "--since", "soon"], 64, "soon"),
    (["patrol", "--of", "x"], 64, "is no version"),
    ([], 64, "copy FEED"),
])
def test_what_cannot_be_copied_is_said_and_left(config, words, status, says):
    assert says in copy(config, *words, status=status).stderr
    assert (config / "feeds/patrol.yaml").read_text() == FEED


def test_a_version_on_one_line_is_left_alone(config):
    path = config / "feeds/patrol.yaml"
    text = ("feed: patrol\nowner: d_market\nversions:\n"
            "  - { version: 1, valid_from: 2026-01-01, format: ndjson, zone: Asia/Shanghai, namespace: 'request:patrol', number: no,"
            " events: [{ stage: opened, time: at }] }\n")
    path.write_text(text)
    assert "cannot be copied" in copy(config, "patrol", status=78).stderr and path.read_text() == text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_whose_it_is_it_stays(config):
    path = config / "feeds/patrol.yaml"
    os.chown(path, 12345, 23456)
    copy(config, "patrol")
    about = path.stat()
    assert (about.st_uid, about.st_gid, about.st_mode & 0o7777) == (12345, 23456, 0o640) and path.read_text() != FEED


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another")
def test_who_cannot_leave_it_to_its_owner_does_not_write(config):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(shutil.copytree(config, Path(folder) / "config")) / "feeds/patrol.yaml"
        path.parent.chmod(0o777)
        path.chmod(0o644)
        done = subprocess.run([BINARY, "mapping", "copy", "patrol", "--config", path.parents[1]], cwd="/", capture_output=True, text=True,
                              timeout=60, user=12345, group=23456, extra_groups=[])
        assert done.returncode == 78 and "owner, group and mode of the file cannot be kept" in done.stderr, done.stderr
        assert path.read_text() == FEED and [one.name for one in path.parent.glob("patrol*")] == ["patrol.yaml"]


def test_a_link_stays_one_and_nobodys_file_is_taken(config, tmp_path):
    path, real = config / "feeds/patrol.yaml", tmp_path / "elsewhere.yaml"
    path.rename(real)
    path.symlink_to(real)
    for beside in (path.with_name("patrol.yaml.new"), real.with_name("elsewhere.yaml.new")):
        beside.write_text("somebody's")
    copy(config, "patrol")
    assert path.is_symlink() and "version: 3" in real.read_text() and real.stat().st_mode & 0o777 == 0o640
    assert path.with_name("patrol.yaml.new").read_text() == real.with_name("elsewhere.yaml.new").read_text() == "somebody's"
    assert not list(tmp_path.glob("elsewhere.yaml.[!n]*"))


def test_a_large_file_is_copied_whole_and_a_larger_one_is_left(config):
    path, row = config / "feeds/patrol.yaml", "# 说明" + "x" * 90 + "\n"
    text = FEED + row * (5 * 1024 * 1024 // len(row.encode()))
    path.write_text(text)
    copy(config, "patrol")
    assert path.read_text().endswith(text[len(FEED):]) and len(path.read_text()) > len(text)
    text += row * (12 * 1024 * 1024 // len(row.encode()))
    path.write_text(text)
    assert "larger than 16 MiB" in copy(config, "patrol", status=78).stderr and path.read_text() == text


@pytest.mark.parametrize("right, wrong, place, says", [
    ("  - version: 1   # 初版\n", "  -\n    version: 1\n", "7:5", "a version whose `-` stands on another line"),
    ("    valid_from: 2026-01-01\n", "    valid_from: >-\n      2026-01-01\n", "7:17", "valid_from is written in a way"),
    ("  - version: 1   # 初版\n", '  - version: "\\x31"\n', "6:14", "version is written in a way"),
])
def test_what_is_written_in_another_way_is_named_where_it_stands(config, right, wrong, place, says):
    path = config / "feeds/patrol.yaml"
    assert right in FEED
    path.write_text(FEED.replace(right, wrong, 1))
    said = copy(config, "patrol", "--of", "1", status=78).stderr
    assert f"{path}:{place}: error: {says}" in said and path.read_text() == FEED.replace(right, wrong, 1)
