# SPDX-License-Identifier: Apache-2.0
"""What shapes sets and cells: codes.csv, kinds/*.yaml, views/*.yaml and the aggregator's settings."""
import re
from pathlib import Path
from typing import NamedTuple, Optional

import yaml

# of every kind; a stage of its own is one as well
MOMENTS = ("opened", "response", "resolution", "closure", "matter", "double", "due", "done", "named", "reported", "upheld")
GROUPS = ("unit", "type_code", "street_code", "community_code", "limit_class", "rule", "co_unit")
ANSWERS = ("valid", "contacted", "solved", "satisfaction")
FACTS = GROUPS + ANSWERS + ("in_time", "reopened", "upheld", "child", "cross_street")
BUCKETS = ("day", "hour", "noon_day", "month", "period_19")


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


class Condition(NamedTuple):
    fact: str
    values: tuple
    negated: bool


class Measure(NamedTuple):
    name: str
    bucket: Optional[str]  # a stock has none
    start: Optional[str]  # a duration's; a count has none
    end: Optional[str]
    number: int  # its place in the file, as histograms name it
    flow: bool = False
    net: bool = False  # without the pauses
    held: bool = False  # a stock: while the clock stands still
    when: tuple = ()


class View(NamedTuple):
    name: str
    kind: str
    each: Optional[str]  # helper, whistle
    groups: tuple
    measures: tuple
    grain: str
    stock: bool

    @property
    def durations(self):
        return [measure for measure in self.measures if measure.start and not self.stock]


class Rules:
    def __init__(self, folder):
        folder = Path(folder)
        spaces = {"stage": {}, "unit": {}, "party": {}, "kind": {}, "field": {}}
        for row in (folder / "codes.csv").read_text(encoding="utf-8").splitlines():
            if row.strip() and not row.startswith("#") and row.strip() != "space,number,code":
                space, number, code = row.strip().split(",")
                spaces[space][code] = int(number)
        self.stages, self.units, self.parties = spaces["stage"], spaces["unit"], spaces["party"]
        self.field_numbers = spaces["field"]
        self.fields = {str(number): field for field, number in spaces["field"].items()}
        self.unit_codes = {number: code for code, number in self.units.items()}
        self.kinds = dict(self.read_kind(load(path)) for path in sorted((folder / "kinds").glob("*.yaml")))
        self.views = [read_view(load(path), self.kinds, self.field_numbers) for path in sorted((folder / "views").glob("*.yaml"))]

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


def read_condition(fact, wanted, fields):
    if fact not in FACTS and fact not in fields:
        raise ValueError(f"nothing is known as {fact}")
    negated = isinstance(wanted, dict)
    values = wanted["not"] if negated else wanted
    return Condition(fact, tuple(values if isinstance(values, list) else [values]), negated)


def read_measure(name, measure, number, section, cohort, kind, fields):
    """None for what is computed when read and has no cells."""
    bucket = moment(measure["by"], kind) if section == "flow" and "by" in measure else cohort
    more = {"flow": section == "flow",
            "when": tuple(read_condition(*one, fields) for one in measure.get("when", {}).items())}
    if section == "stock":
        ends = [moment(measure[side], kind) for side in ("from", "to")] if "from" in measure else [None, None]
        return Measure(identifier(name), None, *ends, number, held=measure.get("while") == "held", **more)
    if "count" in measure:
        end = moment(measure["count"], kind)
        bucket = "double" if (bucket, end) == ("opened", "double") else bucket  # its opening, which nothing else counts
        return Measure(identifier(name), bucket, None, end, number, **more)
    if "duration" in measure:
        start, end = (moment(measure["duration"][side], kind) for side in ("from", "to"))
        return Measure(identifier(name), bucket, start, end, number, net=measure["duration"].get("net") == "true", **more)
    return None


def grain_of(buckets, measures, stock):
    """What the cells are kept by: the coarsest of which all buckets can be summed; to the minute what comes due."""
    if set(buckets) - set(BUCKETS):
        raise ValueError(f"no buckets: {buckets}")
    if stock and any("due" in (measure.start, measure.end) for measure in measures):
        return "minute"
    return "hour" if "hour" in buckets else "half" if "noon_day" in buckets else "day"


def read_view(file, kinds, fields):
    measures, number, kind, each = [], 0, kinds[file["of"]["kind"]], file["of"].get("each")
    cohort = moment(file.get("cohort", {}).get("by", "named" if each else "opened"), kind)
    for section in ("measures", "flow", "stock"):
        for name, measure in file.get(section, {}).items():
            measures.append(read_measure(name, measure, number, section, cohort, kind, fields))
            number += 1  # ratios and formulas have no cells, but their place counts
    measures = tuple(measure for measure in measures if measure)
    groups = tuple(file.get("group", ()))
    if set(groups) - set(GROUPS) - set(fields):
        raise ValueError(f"no groups: {groups}")
    return View(identifier(file["view"]), file["of"]["kind"], each, groups, measures,
                grain_of(file.get("buckets", ["day"]), measures, "stock" in file), "stock" in file)


def zone_minutes(zone):
    """The views' civil days are counted in a fixed offset."""
    known = {"UTC": 0, "Asia/Shanghai": 480, "Z": 0}
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)", zone)
    if not found:
        return known[zone]
    return (int(found[2]) * 60 + int(found[3])) * (-1 if found[1] == "-" else 1)


def days_of(duration):
    """Whole days of "400d", "2w", "36h"; 0 = for ever."""
    found = re.fullmatch(r"(\d+)(ms|s|m|h|d|w)", duration)
    unit = {"ms": 1, "s": 1000, "m": 60000, "h": 3600000, "d": 86400000, "w": 604800000}
    return int(found[1]) * unit[found[2]] // 86400000
