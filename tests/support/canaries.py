# SPDX-License-Identifier: Apache-2.0
"""Invented names, telephone and identity-card numbers, planted where a mapping says that personal data may stand, and
where it says nothing. What is planted is remembered, in every form in which it could come out again."""
import copy
import csv
import io
import json
import random
import re
from pathlib import Path

import yaml

HIDDEN = ("contact", "drop", "mask", "pseudonym")
SURNAMES = "欧阳司马诸葛上官夏侯东方皇甫尉迟公孙慕容"
GIVEN = "麒麟鸾鹭翡翠璎珞琥珀玳瑁珊瑚鹦鹉鸳鸯鹧鸪蟋蟀蝴蝶"
# Ahead, so that no match hides another.
NUMBERS = [re.compile(rb"(?=(1[3589]\d{9}))"), re.compile(rb"(?=(110105\d{11}[\dX]))")]


def names_in(charset, width):
    pairs = b"|".join(re.escape(SURNAMES[i:i + 2].encode(charset)) for i in range(0, len(SURNAMES), 2))
    return re.compile(b"(?s)(?=((?:" + pairs + b").{%d}))" % (3 * width))


NAMES = {"utf-8": names_in("utf-8", 3), "gb18030": names_in("gb18030", 2)}


def full_name(draw):
    surname = draw.randrange(0, len(SURNAMES), 2)
    return SURNAMES[surname:surname + 2] + "".join(draw.sample(GIVEN, 3))


def phone_number(draw):
    return f"1{draw.choice('3589')}{draw.randrange(10 ** 9):09}"


def id_number(draw):
    body = f"110105{draw.randint(1930, 2005)}{draw.randint(1, 12):02}{draw.randint(1, 28):02}{draw.randint(0, 999):03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights)) % 11]


class Canaries:
    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.planted = {}  # canary: where it was planted first

    def text(self, where):
        """A sentence with a name, a telephone number and an identity-card number of its own."""
        name, phone, number = (self.unique(make, where) for make in (full_name, phone_number, id_number))
        return f"{name}{phone}证{number}"

    def unique(self, make, where):
        while (canary := make(self.draw)) in self.planted:
            pass
        self.planted[canary] = where
        return canary

    def found_in(self, data):
        """Canaries whose bytes are in the data, in either charset, whatever stands around them."""
        seen = {match.group(1).decode() for pattern in NUMBERS for match in pattern.finditer(data)}
        for charset, pattern in NAMES.items():
            seen |= {match.group(1).decode(charset, errors="replace") for match in pattern.finditer(data)}
        return {canary: self.planted[canary] for canary in seen & self.planted.keys()}


class Family:
    """A feed's last mapping, as far as it says which columns hold what."""

    def __init__(self, path):
        feed = yaml.safe_load(path.read_text())
        self.path, self.id, self.mapping = path, feed["feed"], feed["versions"][-1]
        self.format, self.charset = self.mapping["format"], self.mapping.get("charset", "utf-8")
        self.separator = {"tab": "\t"}.get(self.mapping.get("separator", ","), self.mapping.get("separator", ","))
        self.hidden, self.strict, self.open = set(), set(), set()  # strict: what is planted there is refused
        for event in self.mapping.get("events", []):
            self.open |= set(event.get("when", {}))
            self.note(self.strict, event["time"])
            for field in event.get("data", {}).values():
                self.note(self.side_of(field), field)
        for key in ("number", "revision", "identity"):
            self.note(self.open, self.mapping.get(key, []))
        self.note(self.open, list(self.mapping.get("aliases", {}).values()))
        self.strict -= self.open
        self.hidden -= self.open | self.strict

    def side_of(self, field):
        field = field if isinstance(field, dict) else {}
        if field.get("class") in HIDDEN or "words" in field:
            return self.hidden
        checked = "date" in field or "range" in field or ({"table", "registry"} & set(field) and "unknown" not in field)
        return self.strict if checked else self.open

    @staticmethod
    def note(side, field):
        columns = field.get("from", []) if isinstance(field, dict) else field
        side |= set([columns] if isinstance(columns, str) else columns)

    def cases(self):
        return sorted((self.path.parent / "cases" / self.id).glob("*/input.*"))


def put(row, column, value):
    """Into a row, or into a member of a member of it."""
    steps = column[1:].split("/") if column.startswith("/") else [column]
    for step in steps[:-1]:
        row = row[int(step)] if isinstance(row, list) else row.setdefault(step, {})
    row[int(steps[-1]) if isinstance(row, list) else steps[-1]] = value


def planted_rows(family, canaries, rows, here):
    """Every row with canaries in all hidden columns; and copies of the first with one in each strict column."""
    for row in rows:
        for column in family.hidden & here if here else family.hidden:
            put(row, column, canaries.text(f"{family.id}: {column}"))
    first = rows[:1]
    for row in first * bool(first):
        for column in sorted(family.strict & here if here else family.strict):
            bad = copy.deepcopy(row)
            put(bad, column, canaries.text(f"{family.id}: {column}"))
            rows.append(bad)


def csv_upload(family, canaries, path):
    text = path.read_bytes().decode(family.charset, errors="replace").lstrip("\ufeff")
    lines = [line for line in csv.reader(io.StringIO(text), delimiter=family.separator, strict=False) if line]
    if not lines:
        return None
    names = [name.strip() for name in lines[0]]
    rows = [dict(zip(names, line)) for line in lines[1:] if len(line) == len(names)]
    planted_rows(family, canaries, rows, set(names))
    if family.mapping.get("header") != "strict":
        names = names + ["别的"]
        for row in rows:
            row["别的"] = canaries.text(f"{family.id}: an unmapped column")
    out = io.StringIO()
    writer = csv.writer(out, delimiter=family.separator, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in rows)
    return out.getvalue().encode(family.charset, errors="replace")


def json_upload(family, canaries, path):
    text, rows = path.read_bytes().decode("utf-8", errors="replace").strip(), []
    for line in [text] if text.startswith("[") else text.splitlines():
        try:
            item = json.loads(line)
        except ValueError:
            continue
        rows += [one for one in (item if isinstance(item, list) else [item]) if isinstance(one, dict)]
    planted_rows(family, canaries, rows, None)
    for row in rows:
        where = row["data"] if family.format == "cloudevents" and isinstance(row.get("data"), dict) else row
        where["别的"] = canaries.text(f"{family.id}: an unmapped member")
        where["more"] = {"tel": canaries.text(f"{family.id}: an unmapped member of a member")}
        if family.format == "cloudevents":
            where["note"] = canaries.text(f"{family.id}: free text")
            where["phone"] = canaries.text(f"{family.id}: a number")[5:16]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def broken(family, canaries):
    """What cannot be read at all, with somebody's data in it."""
    def text():
        return canaries.text(f"{family.id}: broken")
    if family.format == "csv":
        row = family.separator.join([text()] * 4)
        yield f"{row}\n{row}\n".encode(family.charset)  # data where the header should be
        yield f"\"{text()}\n".encode(family.charset)
        yield row.encode(family.charset)[:-1] + b"\xff\xff\n" + text().encode(family.charset)
    else:
        yield f'{{"{text()}": "{text()}"'.encode()
        yield f'{{"a": "{text()}", "a": "{text()}"}}'.encode()
        yield f'"{text()}"'.encode()
        yield f'{{"{text()}": '.encode() + b'"\xff"}'


def families(config):
    return [Family(path) for path in sorted(Path(config, "feeds").glob("*.yaml"))]
