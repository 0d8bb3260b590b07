# SPDX-License-Identifier: Apache-2.0
"""One event as one line of text, written from docs/contracts.md §3 and not from the daemons' codec:

    1|id|revision|stage#|time ms|recorded ms|unit#|party#|k=v|k=v...

Numbers are base 36. Within a value a backslash stands before '|' and the backslash; a line feed is \\n."""
import datetime
import functools
import json
import re
from typing import NamedTuple, Optional, Tuple

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
FAMILY, VERSION = "cn.citybrain.case.", ".v1"
# The keys in the order they are written: letter, member of the event's data.
ATTRIBUTES = (("l", "lead"), ("d", "due_at"), ("c", "limit_class"), ("t", "type_code"), ("s", "street_code"),
              ("m", "community_code"), ("r", "rule"), ("q", "request_kind"), ("a", "adopted"), ("u", "cause"),
              ("o", "co_unit"), ("b", "sub_unit"), ("w", "outcome"), ("e", "level"), ("p", "parent"), ("k", "child"),
              ("x", "via"), ("n", "desk_cause"), ("j", "link"), ("y", "answer"), ("z", "copies"), ("f", "found"), ("i", "said"))
RELATIONS, MOST_LINK, MOST_COPIES, MOST_TEXT = ("same_as", "part_of", "grew_from"), 1088, 512, 300
ANSWERS = (("valid", {"yes": "y", "no": "n"}), ("contacted", {"yes": "y", "no": "n"}), ("solved", {"yes": "y", "no": "n"}),
           ("satisfaction", {"satisfied": "s", "acceptable": "a", "dissatisfied": "d"}))  # of a call-back
FIELDS = "12345678"  # numbers of codes.csv: what cases keep beside these
CAUSE = [letter for letter, _ in ATTRIBUTES].index("u")
LETTERS = [letter for letter, _ in ATTRIBUTES] + list(FIELDS)
TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)
INTEGER = re.compile(r"-?\d+", re.ASCII)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
FIELD = re.compile(r"(?:\\.|[^|\\])*", re.DOTALL)
LIMIT = 1 << 63


class Unusable(ValueError):
    """An event that no case can hold: the reason is the text."""


class Number(str):
    """A JSON number, as it was written."""


READ = json.JSONDecoder(parse_int=Number, parse_float=Number).decode


class Line(NamedTuple):
    id: str
    revision: str
    stage: int
    time: int
    recorded: Optional[int]
    unit: Optional[str]
    party: int
    live: bool
    attributes: Tuple[Optional[str], ...]


@functools.lru_cache(maxsize=1 << 14)
def base36(number):
    text = "" if number else "0"
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text


def milliseconds(text):
    """Of an RFC 3339 time, or None; digits behind the third of a second are cut off."""
    found = TIME.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    try:
        days = datetime.date(year or 400, month, day).toordinal() - 719163 - (0 if year else 146097)
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    if found[8]:
        hours, minutes = int(found[9]), int(found[10])
        if hours > 23 or minutes > 59:
            return None
        minute -= (hours * 60 + minutes) * (-1 if found[8] == "-" else 1)
    return days * 86400000 + ((hour * 60 + minute) * 60 + second) * 1000 + int(((found[7] or "") + "000")[:3])


def short_revision(revision):
    """Three decimal numbers in front of a hash lose their padding; what is made otherwise stays as it is."""
    parts = revision.split(".")
    if len(parts) != 4 or not all(re.fullmatch(r"\d{1,20}", part, re.ASCII) for part in parts[:3]):
        return revision
    return ".".join([base36(int(part)) for part in parts[:3]] + parts[3:])


def due(value):
    if isinstance(value, Number):
        return str(int(value)) if INTEGER.fullmatch(value) and -LIMIT <= int(value) < LIMIT else None
    found = milliseconds(value) if isinstance(value, str) else None
    return None if found is None else str(found)


def link_of(data):
    """What a link joins its case to: the first relation that is said, the other's id or number and namespace."""
    space = data.get("in")
    space = space + ":" if isinstance(space, str) and space else ""
    for relation in RELATIONS:
        other = data.get(relation)
        text = f"{relation}:{space}{other}" if isinstance(other, str) and other else ""
        if text and len(text.encode()) < MOST_LINK:
            return text
    return None


def answer_of(data):
    """One letter for each of what a call-back asks; nothing where it says nothing."""
    said = "".join(letters.get(data.get(member), "-") if isinstance(data.get(member), str) else "-"
                   for member, letters in ANSWERS)
    return said if said.strip("-") else None


def copies_of(units):
    codes = [unit for unit in units if isinstance(unit, str) and not isinstance(unit, Number)] if isinstance(units, list) else []
    text = " ".join(filter(None, codes))
    return text if text and len(text.encode()) < MOST_COPIES else None


def found_of(said, stage, party):
    """A trigger's sentence, on the opening that the router made of it."""
    own = stage == "opened" and party == "router" and isinstance(said, str)
    return str(said) if own and said and len(said.encode()) <= MOST_TEXT else None


def reason_of(said, unit, party):
    """Why a unit or the desk made its move; the router speaks of units and for none."""
    own = unit and party != "router" and isinstance(said, str)
    return str(said) if own and said and len(said.encode()) <= MOST_TEXT else None


def attributes_of(data, rules, subject, stage, party, unit=None):
    found = []
    for letter, member in ATTRIBUTES + tuple((number, rules.fields.get(number)) for number in FIELDS):
        value = data.get(member) if isinstance(data, dict) else None
        if letter == "a":
            found.append("1" if value is True else None)
        elif letter == "d":
            found.append(due(value))
        elif letter == "z":
            found.append(copies_of(value))
        elif letter == "f":
            found.append(found_of(value, stage, party))
        elif letter == "i":
            found.append(reason_of(value, unit, party))
        elif letter == "j":
            found.append(link_of(data) if isinstance(data, dict) and stage == "linked" else None)
        elif letter == "y":
            found.append(answer_of(data) if isinstance(data, dict) and stage == "reviewed" else None)
        else:  # a case that names itself as another names nobody
            itself = letter in "pkx" and value == subject
            found.append(str(value) if isinstance(value, str) and value and not itself else None)
    return tuple(found)


def read_event(value, headers=None):
    """(attributes, data) of a CloudEvent, structured or with its attributes in Kafka's headers."""
    headers = {name: (text or b"").decode(errors="replace") for name, text in headers or []}
    try:
        if "ce_type" in headers and not headers.get("content-type", "").startswith("application/cloudevents"):
            data = READ(value.decode()) if value else None
            return {name[3:]: text for name, text in headers.items() if name.startswith("ce_")}, data
        event = READ((value or b"").decode())
    except (ValueError, RecursionError) as error:
        raise Unusable(f"no JSON: {error}") from None
    if not isinstance(event, dict):
        raise Unusable("no JSON object")
    return event, event.get("data")


def line_of_event(event, data, rules):
    """(case id, line); None for an event that is of no case. Raises Unusable."""
    said = {name: value for name, value in event.items() if isinstance(value, str)}
    if said.get("specversion") != "1.0" or not said.get("id") or not said.get("source") or "type" not in said:
        raise Unusable("no CloudEvent")
    if not said["type"].startswith(FAMILY):
        return None
    stage = said["type"][len(FAMILY):-len(VERSION)] if said["type"].endswith(VERSION) else ""
    kind, colon, _ = said.get("subject", "").partition(":")
    time = milliseconds(said.get("time", ""))
    recorded = milliseconds(said["recordedtime"]) if "recordedtime" in said else None
    if not kind or not colon or time is None or (recorded is None and "recordedtime" in said):
        raise Unusable("no subject, or a time that is none")
    if kind not in rules.kinds or stage not in rules.stages:
        raise Unusable(f"no kind {kind} with a stage {stage}")
    return said["subject"], Line(
        said["id"], short_revision(said["revision"]) if said.get("revision") else "", rules.stages[stage], time,
        recorded, said.get("unit") or None, rules.parties.get(said.get("party"), 0), "replayof" not in said,
        attributes_of(data, rules, said["subject"], stage, said.get("party"), said.get("unit")))


def escape(text):
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "\\n")


def unescape(text):
    return ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text)


def write_time(ms):
    return "" if ms is None else "-" + base36(-ms) if ms < 0 else base36(ms)


def write_unit(unit, rules):
    if unit is None:
        return "0"
    return base36(rules.units[unit]) if unit in rules.units else "=" + escape(unit)


def write_line(line, rules):
    fields = ["1", escape(line.id), escape(line.revision), base36(line.stage), write_time(line.time),
              write_time(line.recorded), write_unit(line.unit, rules), base36(line.party)]
    if line.live:
        fields.append("v=1")
    fields += [f"{letter}={escape(value)}" for letter, value in zip(LETTERS, line.attributes) if value is not None]
    return "|".join(fields)


def read_number(text):
    if not re.fullmatch("0|[1-9a-z][0-9a-z]*", text):
        raise ValueError(f"no number: {text}")
    return int(text, 36)


def read_time(text):
    return None if not text else -read_number(text[1:]) if text[0] == "-" else read_number(text)


def read_unit(text, rules):
    if text.startswith("="):
        return unescape(text[1:])
    number = read_number(text)
    return rules.unit_codes[number] if number else None


def split_line(text):
    """The fields, still escaped."""
    fields, at = [], 0
    while at <= len(text):
        fields.append(FIELD.match(text, at)[0])
        at += len(fields[-1]) + 1
    return fields


def renumber(text, rules):
    """A set's text with the number of every unit that got one later (docs/decisions/0001)."""
    lines = []
    for line in text.split("\n"):
        fields = split_line(line)
        if len(fields) > 6 and fields[6].startswith("="):
            fields[6] = write_unit(unescape(fields[6][1:]), rules)
        lines.append("|".join(fields))
    return "\n".join(lines)


def read_line(text, rules):
    """The line again; ValueError, IndexError or KeyError when it is none. Unknown keys are passed over."""
    fields = split_line(text)
    if fields[0] != "1" or not fields[1]:
        raise ValueError("no case line")
    more = dict(field.split("=", 1) for field in fields[8:] if field[1:2] == "=")
    return Line(unescape(fields[1]), unescape(fields[2]), read_number(fields[3]), read_time(fields[4]),
                read_time(fields[5]), read_unit(fields[6], rules), read_number(fields[7]), more.get("v") == "1",
                tuple(unescape(more[letter]) if letter in more else None for letter in LETTERS))
