# SPDX-License-Identifier: Apache-2.0
"""The job that every subject of `make bench-router` does, and the oracle that says what must come of it: requests as
they stand on `events`, each given to its lead, with an order for the lead and one for whoever gets a copy.

The oracle is the part of config/rules/dispatch.yaml that such requests meet, written down a second time in the plainest
way: utilities by type and place, professions by type, the rest by place."""
import base64
import hashlib
import json
import random
import struct
import time

from ingest_job import CONTENT_TYPE, rfc3339
from orders import rows_of

ORDER_TYPE = ("content-type", b"application/json; charset=UTF-8")
HOURS = {"2h": 2, "24h": 24, "48h": 48, "7d": 168, "15d": 360}
KINDS = ("enquiry", "help", "complaint", "report", "suggestion")
MODES = {"street": "direct_street", "department": "direct_dept", "utility": "direct_dept", "city": "city"}
CAUSE = "\1"  # stands for the cause's id until a case has one
DUE = "\2"
INTERNAL = "\3"
BEFORE = 24  # hours: the internal deadline of config/kinds/request.yaml, where there is so much time
MATTERS, MOMENTS = 4000, 500
LEVELS = ("utility", "district", "street")
HEAD = struct.Struct(">I")


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def always(row):
    return not row.get("valid_from") and not row.get("valid_to")


class Registries:
    def __init__(self, config):
        def table(name):
            return {row["code"]: row for row in rows_of(config / "registries" / (name + ".csv")) if always(row)}
        self.types, self.units, self.divisions = table("request_types"), table("units"), table("divisions")
        self.admissions, self.areas = table("admissions"), table("utility_areas")

    def family(self, code):
        """A type and those above it."""
        while code:
            yield self.types[code]
            code = self.types[code]["parent_code"]

    def department(self, code):
        for row in self.family(code):
            if self.units.get(row["unit"], {}).get("kind") == "department":
                return row["unit"]
        return None

    def utility(self, code, places):
        for place in places:
            for row in self.family(code):
                area = self.areas.get("%s@%s" % (row["code"], place))
                if area:
                    return area["unit"]
        return None


class Matter:
    """A type at a place, and what is answered to it."""

    def __init__(self, registries, code, community, kind):
        self.code, self.community, self.kind = code, community, kind
        self.street = registries.divisions[community]["parent_code"]
        row, office = registries.types[code], "s" + self.street
        name = {"type": row["name"], "street": registries.divisions[self.street]["name"]}
        guide, copies, self.others = None, [], []
        if row["level"] == "utility":
            lead = registries.utility(code, (community, self.street, self.street[:6]))
            rule, guide, copies, say = "utility_here", registries.department(code), [office], "{type}由{lead}办理,抄送{street}"
            if row["unit"] != lead:
                self.others = [{"unit": row["unit"], "rule": "utility"}]
        elif row["level"] == "district":
            lead, rule, copies = row["unit"], "district_here", [office]
            say = "{type}由行业部门{lead}主责,抄送{street}"
        else:
            lead, rule, guide = office, "place", registries.department(code)
            say = "诉求发生地属{street},{type}由{lead}属地主责"
        self.hours = HOURS.get(row["limit_class"])
        self.limit_class, self.lead, self.rule = row["limit_class"], lead, rule
        self.units = [(lead, "assigned")] + [(unit, "copied") for unit in copies]
        self.reason = say.format(lead=registries.units[lead]["name"], **name)
        self.mode = MODES[registries.units[lead]["kind"]]
        self.guide, self.copies = (guide if guide != lead else None), copies

    def front(self):
        """Members of a decision's data before its due time."""
        said = {"lead": self.lead, "disposition": "dispatch", "mode": self.mode}
        if self.guide:
            said["guide"] = self.guide
        if self.copies:
            said["copies"] = self.copies
        if self.limit_class:
            said["limit_class"] = self.limit_class
        said["limit_source"] = "type" if self.limit_class else "none"
        return said

    def back(self, bundle):
        """Those behind it, the cause excepted."""
        return {"due_source": "class" if self.hours else "none", "rule": self.rule, "bundle": bundle,
                "reason": self.reason, "type_code": self.code, "street_code": self.street,
                "community_code": self.community}

    def told(self):
        """The data of its opening."""
        return compact({"request_kind": self.kind, "type_code": self.code, "community_code": self.community,
                        "street_code": self.street})

    def decided(self, bundle):
        """(members that units are told, members only the event has), as bytes with marks."""
        due = {"due_at": DUE} if self.hours else {}
        if self.hours and self.hours > BEFORE:
            due["internal_due_at"] = INTERNAL
        units = {**self.front(), **due, **self.back(bundle), "cause": CAUSE}
        more = {"alternatives": self.others} if self.others else {}
        return compact(units)[1:-1], ("," + compact(more)[1:-1]) if more else ""


def short_id(*fields):
    """As event_id of ingest_job, and quicker."""
    digest = hashlib.sha256(b"cb1" + b"".join(HEAD.pack(len(field)) + field for field in fields)).digest()
    return base64.urlsafe_b64encode(digest[:16])[:22]


def marked(text):
    """With places for % to fill in."""
    return text.encode().replace(b"%", b"%%").replace(b"\\u0001", b"%(cause)b").replace(
        b"\\u0002", b"%(due)b").replace(b"\\u0003", b"%(internal)b")


class Case:
    """One request: what is read, and what must be written because of it."""
    __slots__ = ("subject", "opened", "decided", "orders")

    def __init__(self, subject, opened, decided, orders):
        self.subject, self.opened, self.decided, self.orders = subject, opened, decided, orders


class RouterJob:
    def __init__(self, config, seed=2026, levels=LEVELS, classes=None):
        self.random, self.registries = random.Random(seed), Registries(config)
        registries = self.registries
        communities = [code for code, row in registries.divisions.items() if row["level"] == "community"]
        self.codes = [code for code in registries.types if self.is_usual(code, levels, classes)]
        weights = [1 / (rank + 1) ** 1.1 for rank in range(len(self.codes))]
        self.matters = [Matter(registries, code, self.random.choice(communities), self.random.choice(KINDS))
                        for code in self.random.choices(self.codes, weights, k=MATTERS)]
        end = int(time.time() * 1000) - 3600000
        self.moments = [(end - n * 60000, rfc3339(end - n * 60000), rfc3339(end - n * 60000 + 90000))
                        for n in range(MOMENTS)]

    def is_usual(self, code, levels, classes):
        """One that a rule by type or place decides without anybody's help."""
        row = self.registries.types[code]
        if not row["parent_code"] or row["level"] not in levels or (classes and row["limit_class"] not in classes):
            return False
        if code in ("R1401", "R1905"):  # with a helper; by law
            return False
        if row["level"] == "street":
            return code in self.registries.admissions
        if row["level"] == "utility":
            return self.registries.utility(code, ("110105",)) is not None
        return row["unit"] in self.registries.units

    def cases(self, count, bundle):
        """The same ones each time, with what must come of them under a bundle of that name."""
        picks, written = random.Random(7), [Written(matter, bundle) for matter in self.matters]
        for n in range(count):
            yield written[picks.randrange(MATTERS)].case(n, self.moments[n % MOMENTS])

    def answers(self, bundle):
        """What the rules say, for whoever does not have them: a type at a place a line: type, community, members of
        the data before its due time, hours of it, members behind it, members that units are not told, units."""
        lines = {}
        for matter in self.matters:
            front, back = compact(matter.front())[:-1], compact(matter.back(bundle))[1:-1]
            more = (',"alternatives":' + compact(matter.others)) if matter.others else ""
            units = " ".join(unit for unit, _ in matter.units)
            lines[matter.code, matter.community] = "\t".join(
                (matter.code, matter.community, front, str(matter.hours or 0), back, more, units))
        return "".join(line + "\n" for line in lines.values())


class Written:
    """A matter's texts with room for the rest, made once."""

    def __init__(self, matter, bundle):
        told = matter.told()
        self.matter = matter
        self.hash = hashlib.sha256(told.encode()).hexdigest()[:16]
        self.told = told.encode()
        units, more = matter.decided(bundle)
        self.units, self.more = marked(units), more.encode()
        self.hours = matter.hours
        self.dues = {}

    def due(self, time_ms, before=0):
        if self.hours is None:
            return b""
        key = time_ms, before
        if key not in self.dues:
            self.dues[key] = rfc3339(time_ms + (self.hours - before) * 3600000).encode()
        return self.dues[key]

    def case(self, n, moment):
        time_ms, at, recorded = moment[0], moment[1].encode(), moment[2].encode()
        subject = b"request:12345:BR%09d" % n
        own = short_id(b"request:12345", subject[14:], b"opened")
        opened = (b'{"specversion":"1.0","id":"%b","source":"/feeds/hotline","type":"cn.citybrain.case.opened.v1",'
                  b'"subject":"%b","time":"%b","datacontenttype":"application/json","recordedtime":"%b",'
                  b'"partitionkey":"%b","feed":"hotline","feedversion":"1","party":"source",'
                  b'"revision":"00000000000000000000.%015d.000001.%b","data":%b}' % (
                      own, subject, at, recorded, subject, time_ms + 90000, self.hash.encode(), self.told))
        units = self.units % {b"cause": own, b"due": self.due(time_ms), b"internal": self.due(time_ms, BEFORE)}
        data = b"{%b%b}" % (units, self.more)
        answer = short_id(own, b"lead")
        decided = (b'{"specversion":"1.0","id":"%b","source":"/router","type":"cn.citybrain.case.dispatched.v1",'
                   b'"subject":"%b","time":"%b","datacontenttype":"application/json","recordedtime":"%b",'
                   b'"partitionkey":"%b","causationid":"%b","party":"router",'
                   b'"revision":"00000000000000000000.%015d.000000.%b","data":%b}' % (
                       answer, subject, recorded, recorded, subject, own, time_ms + 90000,
                       hashlib.sha256(data).hexdigest()[:16].encode(), data))
        orders = [(unit, b'{"id":"%b","case":"%b","case_kind":"request","kind":"%b","unit":"%b","time":"%b",'
                         b'"state":"open",%b}' % (answer, subject, kind.encode(), unit.encode(), recorded, units))
                  for unit, kind in self.matter.units]
        return Case(subject, opened, decided, orders)


def headers_of(stream):
    return [CONTENT_TYPE if stream == "events" else ORDER_TYPE]
