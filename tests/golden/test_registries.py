# SPDX-License-Identifier: Apache-2.0
"""The shipped registries agree with each other, with the codes of case lines and with their generator."""
import csv
import hashlib
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
GENERATOR = ROOT / "tools" / "registries" / "make.py"
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

# Numbers that stand in stored case lines: the rows of codes.csv as they were first written. Rows may be
# added after them; a change here means that old lines would be read wrongly.
FROZEN_ROWS = 134
FROZEN_HASH = "afc4bfa785cae785f184d9d14088956d1c254f8c57d3792861d1d3de697b9eb3"


def rows(name):
    lines = (CONFIG / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def registry(name):
    return rows(f"registries/{name}.csv")


def by_code(name):
    return {row["code"]: row for row in registry(name)}


@pytest.mark.parametrize("name", ["divisions", "units", "request_types", "service_items", "stations"])
def test_every_registry_is_dated_and_names_a_code_once(name):
    entries = registry(name)
    assert entries
    assert [code for code, n in Counter(row["code"] for row in entries).items() if n > 1] == []
    for row in entries:
        assert None not in row and None not in row.values(), row
        for column in ("valid_from", "valid_to"):
            assert row[column] == "" or ISO_DATE.fullmatch(row[column]), row


@pytest.mark.parametrize("name", ["divisions", "request_types"])
def test_every_parent_exists(name):
    entries = by_code(name)
    assert [row["code"] for row in entries.values()
            if row["parent_code"] and row["parent_code"] not in entries] == []


def test_divisions_are_one_district_43_streets_and_their_communities():
    divisions = by_code("divisions")
    levels = Counter(row["level"] for row in divisions.values())
    assert (levels["district"], levels["street"]) == (1, 43)
    assert 500 <= levels["community"] <= 560
    for row in divisions.values():
        if row["level"] == "street":
            assert row["parent_code"] == "110105" and len(row["code"]) == 9
        if row["level"] == "community":
            assert len(row["code"]) == 12 and row["code"].startswith(row["parent_code"])


def test_an_alias_or_name_means_one_division():
    names = Counter()
    for row in registry("divisions"):
        names.update({row["code"], row["name"], *filter(None, row["aliases"].split(";"))})
    assert [name for name, n in names.items() if n > 1] == []


def test_every_street_has_a_unit_and_every_street_unit_a_street():
    streets = {row["code"] for row in registry("divisions") if row["level"] == "street"}
    units = {row["code"] for row in registry("units") if row["kind"] == "street"}
    assert units == {"s" + code for code in streets}


def test_units_have_codes_kinds_and_topics_that_kafka_takes():
    parties = {row["code"] for row in rows("codes.csv") if row["space"] == "party"}
    for row in registry("units"):
        assert re.fullmatch(r"[a-z][a-z0-9_]*", row["code"]) and row["topic"] == row["code"], row
        assert row["kind"] in {"desk", "street", "department", "utility", "city"}, row
        assert row["party_default"] in parties, row


def test_every_type_has_a_unit_of_its_level():
    units = by_code("units")
    kinds = {"utility": {"utility"}, "city": {"city"}, "street": {"department"},
             "district": {"department"}, "transfer": {"department", "city"}}
    for row in registry("request_types"):
        if row["parent_code"] == "" and row["level"] == "utility":
            continue  # which utility is not known at the first level: the guiding department
        assert units[row["unit"]]["kind"] in kinds[row["level"]], row


def test_every_limit_class_is_declared_by_the_rules():
    text = (CONFIG / "rules" / "dispatch.yaml").read_text(encoding="utf-8")
    block = text.split("classes:\n", 1)[1].split("\nentries:", 1)[0]
    declared = set(re.findall(r"^  (\w+):", block, re.M))
    assert {row["limit_class"] for row in registry("request_types") if row["limit_class"]} <= declared


def test_269_stations_stand_in_communities_of_their_streets():
    divisions = by_code("divisions")
    stations = registry("stations")
    assert [row["code"] for row in stations] == [f"st{n:03d}" for n in range(1, 270)]
    assert len({row["community_code"] for row in stations}) == 269
    assert len({row["street_code"] for row in stations}) == 43
    for row in stations:
        assert divisions[row["community_code"]]["parent_code"] == row["street_code"], row
        assert (CONFIG / "feeds" / f"{row['family']}.yaml").exists(), row
        assert re.fullmatch(r"\d+[mhdw]", row["cadence"]), row
        part = r"(\d-\d|\d)(,h)?( \d\d:\d\d-\d\d:\d\d)+"
        assert re.fullmatch(f"{part}(;{part})*", row["hours"]), row


def test_a_community_has_one_station_and_some_stations_serve_two():
    divisions, seen, several = by_code("divisions"), [], 0
    for row in registry("stations"):
        communities = row["communities"].split(";")
        assert communities[0] == row["community_code"]
        assert {divisions[code]["parent_code"] for code in communities} == {row["street_code"]}, row
        seen += communities
        several += len(communities) > 1
    assert len(seen) == len(set(seen)) and several >= 20


def test_codes_are_numbered_from_1_without_gaps_or_repeats():
    spaces = {}
    for row in rows("codes.csv"):
        spaces.setdefault(row["space"], []).append(row)
    assert set(spaces) == {"stage", "unit", "party", "kind", "field"}
    for entries in spaces.values():
        assert sorted(int(row["number"]) for row in entries) == list(range(1, len(entries) + 1))
        assert len({row["code"] for row in entries}) == len(entries)


def test_codes_once_written_never_change():
    entries = rows("codes.csv")[:FROZEN_ROWS]
    text = "\n".join(f"{row['space']},{row['number']},{row['code']}" for row in entries)
    assert len(entries) == FROZEN_ROWS
    assert hashlib.sha256(text.encode()).hexdigest() == FROZEN_HASH


def test_every_unit_stage_party_and_kind_has_a_number():
    numbered = {(row["space"], row["code"]) for row in rows("codes.csv")}
    wanted = {("unit", row["code"]) for row in registry("units")}
    for path in (CONFIG / "kinds").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        stages = text.split("\nstages:\n", 1)[1].split("\ntimers:", 1)[0]
        wanted.add(("kind", path.stem))
        wanted |= {("stage", stage) for stage in re.findall(r"^  (\w+):", stages, re.M)}
        for by in re.findall(r"\bby: \[([^\]]*)\]", stages):
            wanted |= {("party", party.strip()) for party in by.split(",")}
    assert len(wanted) > 100
    assert wanted - numbered == set()


def test_tokens_name_feeds_and_units_that_exist():
    tokens = rows("tokens.csv")
    units, feeds = set(by_code("units")), {path.stem for path in (CONFIG / "feeds").glob("*.yaml")}
    for row in tokens:
        assert row["name"] in {"feed": feeds, "unit": units}[row["kind"]], row
    assert len({row["token"] for row in tokens}) == len(tokens)
    assert {row["name"] for row in tokens if row["kind"] == "unit"} == units
    assert {row["name"] for row in tokens if row["kind"] == "feed"} == feeds - {"status"}


def test_every_feed_has_five_golden_cases_three_of_them_samples_one_of_them_dirty():
    for feed in (path.stem for path in (CONFIG / "feeds").glob("*.yaml")):
        cases = sorted((CONFIG / "feeds" / "cases" / feed).iterdir())
        samples = {case.name for case in cases if case.name.startswith("sample_") or case.name == "dirty"}
        assert len(cases) >= 5 and len(samples) >= 3 and samples & {"dirty", "sample_dirty"}, feed
        for case in cases:
            assert len(list(case.glob("input.*"))) == 1, case
            assert (case / "expected.jsonl").stat().st_size > 0, case


def test_generated_files_are_what_the_generator_writes():
    done = subprocess.run([sys.executable, GENERATOR, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
