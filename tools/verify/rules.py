# SPDX-License-Identifier: Apache-2.0
"""What shapes sets and cells: codes.csv, kinds/*.yaml, views/*.yaml and the aggregator's settings."""
import re
from pathlib import Path
from typing import NamedTuple, Optional

import yaml

MOMENTS = ("opened", "response", "resolution", "closure", "matter", "double")  # of every kind; a stage of its own is one as well
GROUPS = ("unit", "type_code", "street_code", "community_code")


class Stage(NamedTuple):
    name: str
    number: int
    rank: int
    by: tuple
    after: tuple
    counts_as: Optional[str]
    new_round: bool
    unless: tuple
    ends: tuple
    needs: tuple
    at_most: int  # 0: as often as it happens
    new_lead: bool
    clock: Optional[str]
    copied: bool  # from a parent to its children


class Kind:
    def __init__(self, stages, router):
        self.stages, self.router = stages, router  # its party's number
        self.places = {stage.name: n for n, stage in enumerate(stages)}
        self.by_number = {stage.number: stage for stage in stages}


class Measure(NamedTuple):
    name: str
    bucket: str
    start: Optional[str]  # a duration's; a count has none
    end: str
    number: int  # its place in the file, as histograms name it


class View(NamedTuple):
    name: str
    kind: str
    groups: tuple
    measures: tuple
    hourly: bool

    @property
    def durations(self):
        return [measure for measure in self.measures if measure.start]


class Rules:
    def __init__(self, folder):
        folder = Path(folder)
        spaces = {"stage": {}, "unit": {}, "party": {}, "kind": {}, "field": {}}
        for row in (folder / "codes.csv").read_text(encoding="utf-8").splitlines():
            if row.strip() and not row.startswith("#") and row.strip() != "space,number,code":
                space, number, code = row.strip().split(",")
                spaces[space][code] = int(number)
        self.stages, self.units, self.parties = spaces["stage"], spaces["unit"], spaces["party"]
        self.fields = {str(number): field for field, number in spaces["field"].items()}
        self.unit_codes = {number: code for code, number in self.units.items()}
        self.kinds = dict(self.read_kind(load(path)) for path in sorted((folder / "kinds").glob("*.yaml")))
        self.views = [read_view(load(path), self.kinds) for path in sorted((folder / "views").glob("*.yaml"))]

    def read_kind(self, file):
        return file["kind"], Kind([
            Stage(name, self.stages[name], int(stage["rank"]), tuple(stage["by"]), tuple(stage.get("after", ())),
                  stage.get("counts_as"), stage.get("new_round") == "true", tuple(stage.get("unless", ())),
                  tuple(stage.get("ends", ())), tuple(stage.get("needs", ())), int(stage.get("at_most", 0)),
                  stage.get("new_lead") == "true", stage.get("clock"), stage.get("copy_to_children") == "true")
            for name, stage in file["stages"].items()], self.parties["router"])


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader=yaml.BaseLoader)  # every scalar a text


def moment(word, kind):
    word = "closure" if word == "closed" else word
    if word not in MOMENTS and word not in kind.places:
        raise ValueError(f"no moment: {word}")
    return word


def identifier(word):
    if not re.fullmatch("[a-z][a-z0-9_]{0,39}", word):
        raise ValueError(f"no column's name: {word}")
    return word


def read_view(file, kinds):
    """Ratios are computed by readers and have no cells, but their place in the file counts."""
    measures, number, kind = [], 0, kinds[file["of"]["kind"]]
    for section in ("measures", "flow"):
        for name, measure in file.get(section, {}).items():
            bucket = moment(measure["by"], kind) if section == "flow" else "opened"
            if "count" in measure:
                measures.append(Measure(identifier(name), bucket, None, moment(measure["count"], kind), number))
            elif "duration" in measure:
                start, end = (moment(measure["duration"][side], kind) for side in ("from", "to"))
                measures.append(Measure(identifier(name), bucket, start, end, number))
            number += 1
    groups = tuple(file.get("group", ()))
    if set(groups) - set(GROUPS):
        raise ValueError(f"no groups: {groups}")
    return View(identifier(file["view"]), file["of"]["kind"], groups, tuple(measures),
                file.get("buckets", ["day"]) == ["hour"])


def zone_minutes(zone):
    """The views' civil days are counted in a fixed offset."""
    known = {"UTC": 0, "Asia/Shanghai": 480, "Z": 0}
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)", zone)
    if not found:
        return known[zone]
    return (int(found[2]) * 60 + int(found[3])) * (-1 if found[1] == "-" else 1)
