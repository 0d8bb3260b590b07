# SPDX-License-Identifier: Apache-2.0
"""citybrain gen: a span of days by options and by the mix of the configuration."""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("CITYBRAIN_BIN", ROOT / "build/debug")) / "citybrain"


def gen(folder, *words):
    done = subprocess.run([PROGRAM, "gen", "--day", "2026-11-02", "--out", folder / "out", "--summary", folder / "sums", *words],
                          capture_output=True, text=True, timeout=60, cwd=ROOT)
    return done, json.loads((folder / "sums").read_text()) if done.returncode == 0 else None


def test_a_week_has_its_scenes_and_its_rate(tmp_path):
    done, sums = gen(tmp_path, "--days", "7", "--rate", "3000")
    assert done.returncode == 0, done.stderr
    assert (sums["events"], sums["days"], sums["ends"] - sums["begins"] <= 7 * 86400000) == (21000, 7, True)
    assert 0.03 < sums["again"] / sums["opened"] < 0.05
    assert sums["causes"]["usual"] > 4000 and min(sums["causes"].values()) > 20 and sums["exported_at_night"] > 100
    lines = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert len(lines) == sums["items"] and [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert {line["to"].split("/")[2] for line in lines} == {"feeds", "units"}


def test_some_orders_do_not_go_straight_on_as_often_as_the_configuration_says(tmp_path, config):
    _, sums = gen(tmp_path, "--days", "7", "--rate", "3000")
    turned = {name: sums[name] for name in ("disputed", "upheld", "held", "reopened", "merged")}
    assert 0.02 < turned["disputed"] / sums["opened"] < 0.05 and min(turned.values()) > 5 and turned["upheld"] < turned["disputed"]
    shares = config / "gen/turns.csv"
    shares.write_text("code,share\n" + "".join(f"{code},0\n" for code in ("disputed", "hold", "reopened", "merged")))
    _, straight = gen(tmp_path, "--days", "7", "--rate", "3000", "--config", config)
    assert [straight[name] for name in (*turned, "desk")] == [0] * 6 and straight["opened"] > sums["opened"]
    shares.write_text("code,share\ndisputed,200\n")
    _, often = gen(tmp_path, "--days", "7", "--rate", "3000", "--config", config)
    assert often["disputed"] > 3 * turned["disputed"]
    for row, says in (("returned,5", 'code cannot be "returned"; fix: write disputed,'), ("hold,1001", 'share cannot be "1001"; fix: write a number of 0 to 1000')):
        shares.write_text(f"code,share\n{row}\n")
        done, _ = gen(tmp_path, "--config", config)
        assert done.returncode == 78 and f"{shares}:2:" in done.stderr and says in done.stderr, done.stderr


def test_who_turns_an_order_says_why_where_the_configuration_has_reasons(tmp_path, config):
    def turns(*words):
        done, sums = gen(tmp_path, "--days", "7", "--rate", "3000", "--config", config, *words)
        assert done.returncode == 0, done.stderr
        items = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
        items = [item["item"] for item in items if item["to"].startswith("/v1/units/")]
        turns_ = {"disputed", "dispute_decided", "hold_requested", "held", "resumed", "merged"}
        assert not any("reason" in item.get("data", {}) for item in items if item["stage"] not in turns_)
        return sums, [(item["data"].get("outcome") or item["stage"] if "data" in item else item["stage"], item.get("data", {})) for item in items if item["stage"] in turns_]

    reasons = config / "gen/reasons.csv"
    rows = [line.split(",") for line in reasons.read_text().splitlines() if not line.startswith("#")][1:]
    sums, said = turns()
    assert said and all([move, data.get("reason")] in [row[1:] for row in rows] for move, data in said)
    assert len({data["reason"] for _, data in said}) > 15
    reasons.unlink()
    without, silent = turns()
    assert without == sums and [(move, {**data, "reason": None}) for move, data in silent] == [(move, {**data, "reason": None}) for move, data in said]
    assert not any("reason" in data for _, data in silent)
    for row, says in (("x,closed,是", 'move cannot be "closed"; fix: write disputed,'), ("x,held,", "reason has 0 bytes, not 1 to 300; fix: write a sentence")):
        reasons.write_text(f"code,move,reason\n{row}\n")
        done, _ = gen(tmp_path, "--config", config)
        assert done.returncode == 78 and f"{reasons}:2:" in done.stderr and says in done.stderr, done.stderr


def test_a_day_is_no_span(tmp_path):
    _, sums = gen(tmp_path, "--events", "500")
    assert "days" not in sums and sums["events"] == 500


def test_what_a_day_has_beside_its_events_is_counted(tmp_path):
    _, sums = gen(tmp_path, "--events", "2000", "--csv")
    done = subprocess.run([ROOT / "deploy/local/beside", tmp_path / "out", tmp_path / "sums", ROOT / "config/registries/stations.csv"],
                          capture_output=True, text=True, timeout=60, check=True)
    items = [json.loads(line) for line in done.stdout.splitlines()]
    beats = sum(item["to"] == "/v1/feeds/heartbeat" for item in items)
    assert beats > 1000 and len(items) == len((tmp_path / "out").read_text().splitlines()) + beats
    assert [item["at"] for item in items] == sorted(item["at"] for item in items)
    assert done.stderr == (f"beside: 2000 events of orders, units and call-backs, {sums['repeats'] + sums['corrections']} told twice or "
                           f"corrected, {beats} heartbeats of stations: {sums['accepted'] + beats} rows to accept\n")


@pytest.fixture
def config(tmp_path):
    return Path(shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("cases")))


def test_without_a_mix_nothing_fails_and_all_types_are_equal(tmp_path, config):
    (config / "gen/mix.csv").unlink()
    done, sums = gen(tmp_path, "--days", "3", "--rate", "2000", "--config", config)
    assert done.returncode == 0 and (sums["causes"]["heating"], sums["causes"]["rain"]) == (0, 0)


@pytest.mark.parametrize("row, says", [
    ("R99,usual,5", 'no type "R99"; fix: use a code of registries/request_types.csv'),
    ("R0101,snow,5", 'scene cannot be "snow"; fix: write usual, heating or rain'),
    ("R0101,usual,much", 'weight cannot be "much"; fix: write a number of 1 to 10000'),
    ("R0101,usual,0", 'weight cannot be "0"')])
def test_a_mistake_in_the_mix_is_named(tmp_path, config, row, says):
    mix = config / "gen/mix.csv"
    line = mix.read_text().count("\n") + 1
    mix.write_text(mix.read_text() + row + "\n")
    done, _ = gen(tmp_path, "--config", config)
    assert done.returncode == 78 and f"{mix}:{line}:" in done.stderr and says in done.stderr, done.stderr


@pytest.mark.parametrize("words, says", [
    (("--days", "0"), '--days "0" is not a number of 1 to 92'), (("--days", "93"), '--days "93"'),
    (("--rate", "5", "--events", "5"), "--events or --rate, not both"),
    (("--days", "90", "--rate", "60000"), "90 days of 60000 events are more than 5000000")])
def test_what_cannot_be_generated_is_refused(tmp_path, words, says):
    done, _ = gen(tmp_path, *words)
    assert done.returncode == 64 and says in done.stderr
