# SPDX-License-Identifier: Apache-2.0
"""Log -> observations: each is a set of one. Of one id the greater revision gives the content, live where any event was
no replay, recorded as first seen; its civil day is part of its identity."""
import datetime

from case_line import READ, Unusable, milliseconds

FAMILY, VERSION = "cn.citybrain.observation.", ".v1"
ELSEWHERE = ("ledger", "heartbeat")  # have tables of their own
DAY_MS = 86400000
FIELDS = ("kind", "feed", "subject", "unit", "time", "recorded", "live", "revision", "data")


def kind_of(event):
    name = event.get("type")
    if not isinstance(name, str) or not name.startswith(FAMILY) or not name.endswith(VERSION):
        return None
    kind = name[len(FAMILY):-len(VERSION)]
    return kind if kind and kind not in ELSEWHERE else None


class Observations:
    KINDS = ("missing", "extra", "different")

    def __init__(self, zone, show):
        self.zone, self.show, self.rows = zone, show, {}
        self.counts, self.first, self.stored, self.older = dict.fromkeys(self.KINDS, 0), [], 0, 0

    def take(self, event, data):
        """True where the event is an observation, usable or not."""
        kind = kind_of(event)
        if kind is None:
            return False
        said = {name: value for name, value in event.items() if isinstance(value, str)}
        time = milliseconds(said.get("time", ""))
        recorded = milliseconds(said["recordedtime"]) if "recordedtime" in said else time
        if said.get("specversion") != "1.0" or not all(said.get(name) for name in ("id", "source", "subject")) \
                or time is None or recorded is None:
            raise Unusable("an observation without what it needs")
        row = {"kind": kind, "feed": said.get("feed", ""), "subject": said["subject"], "unit": said.get("unit", ""),
               "time": time, "recorded": recorded, "live": "replayof" not in said, "revision": said.get("revision", ""),
               "data": {} if data is None else data}
        self.merge(((time + self.zone * 60000) // DAY_MS, said["id"]), row)
        return True

    def merge(self, key, row):
        old = self.rows.setdefault(key, row)
        newer = row if row["revision"].encode() > old["revision"].encode() else old
        self.rows[key] = {**newer, "live": old["live"] or row["live"], "recorded": min(old["recorded"], row["recorded"])}

    def find(self, what, key, log, stored):
        self.counts[what] += 1
        if len(self.first) < self.show:
            day = datetime.date(1970, 1, 1) + datetime.timedelta(days=key[0])
            self.first.append({"what": what, "day": str(day), "id": key[1], "log": log, "stored": stored})

    def compare(self, cursor, keep_days, cut):
        """With what is stored, in the snapshot; days before `keep_days` may have gone."""
        cursor.execute("SELECT coalesce(max(tick_ms), 0) FROM core.kafka_offset")
        clock = cursor.fetchone()[0]
        first_kept = clock // DAY_MS - keep_days - 1 if clock and keep_days else -(1 << 40)
        cursor.execute("SELECT day - date '1970-01-01', id, kind, feed, subject, unit, time_ms, recorded_ms, live, revision, "
                       "data::text FROM core.observation")
        waiting = dict(self.rows)
        for day, name, *values in cursor:
            self.stored += 1
            stored = dict(zip(FIELDS, values))
            stored["data"] = READ(stored["data"])
            wanted = waiting.pop((day, name), None)
            if wanted is None and cut:
                self.older += 1
            elif wanted != stored and not (cut and wanted["revision"] < stored["revision"]):
                self.find("different" if wanted else "extra", (day, name), wanted, stored)
        for key, wanted in sorted(waiting.items()):
            if key[0] > first_kept:
                self.find("missing", key, wanted, None)

    def report(self):
        return {"observations": len(self.rows), "stored": self.stored, "older_than_the_log": self.older, **self.counts,
                "first": self.first}
