# SPDX-License-Identifier: Apache-2.0
"""Log -> what is kept of feeds: how many rows were refused and why, added up once for each record of the log, and when each
feed was heard last (docs/decisions/0341, 0342). Stations are left out: which are known is the registry's word of a day that was."""
import datetime
import re

from case_line import Number, milliseconds
from observations import DAY_MS, kind_of

COUNT = re.compile("[1-9][0-9]{0,17}", re.ASCII)
REFUSED, HEARD = "core.refused", "core.feed_seen"
STORED = {
    REFUSED: 'SELECT day - date \'1970-01-01\', feed, reason, sum("rows")::bigint, min(first_ms), max(last_ms) FROM core.refused GROUP BY 1, 2, 3',
    HEARD: "SELECT feed, max(seen_ms) FROM core.feed_seen GROUP BY 1",
}


def text_of(said, name):
    return said[name] if isinstance(said.get(name), str) and not isinstance(said[name], Number) else ""


class Feeds:
    KINDS = ("missing", "extra", "different")

    def __init__(self, zone, show):
        self.zone, self.show, self.refused, self.heard = zone, show, {}, {}
        self.counts, self.first, self.stored, self.older = dict.fromkeys(self.KINDS, 0), [], 0, 0

    def hear(self, event):
        """Any event of a feed that is no replay and no decision, whatever becomes of it afterwards."""
        feed = text_of(event, "feed")
        if not feed or isinstance(event.get("replayof"), str) or isinstance(event.get("causationid"), str):
            return
        seen = milliseconds(text_of(event, "recordedtime"))
        if seen is None or seen <= self.heard.get(feed, -1) or not is_sound(event):
            return
        self.heard[feed] = seen

    def take(self, event, data):
        """Of an observation that is stored as well."""
        rows = data.get("rows") if isinstance(data, dict) else None
        if kind_of(event) != "refused" or text_of(event, "feed") or not isinstance(rows, Number) or not COUNT.fullmatch(rows) \
                or not text_of(data, "feed"):
            return
        time = milliseconds(event["time"])
        last = milliseconds(event["recordedtime"]) if isinstance(event.get("recordedtime"), str) else time
        key = (time + self.zone * 60000) // DAY_MS, text_of(data, "feed"), text_of(data, "reason")
        count, first, until = self.refused.get(key, (0, time, last))
        self.refused[key] = count + int(rows), min(first, time), max(until, last)

    def find(self, what, table, key, log, stored):
        self.counts[what] += 1
        if len(self.first) < self.show:
            key = [str(datetime.date(1970, 1, 1) + datetime.timedelta(days=one)) if isinstance(one, int) else one for one in key]
            self.first.append({"what": what, "table": table, "key": " ".join(key), "log": log, "stored": stored})

    def compare(self, cursor, cut):
        """With what is stored, in the snapshot; of a log whose beginning is gone there may be more."""
        for table, wanted, width in ((REFUSED, self.refused, 3), (HEARD, {(feed,): (seen,) for feed, seen in self.heard.items()}, 1)):
            cursor.execute(STORED[table])
            stored = {row[:width]: row[width:] for row in cursor}
            self.stored += len(stored)
            for key in sorted({*wanted, *stored}):
                self.judge(table, key, wanted.get(key), stored.get(key), cut)

    def judge(self, table, key, log, stored, cut):
        if log == stored:
            return
        if cut and stored is not None and (log is None or is_more(stored, log)):
            self.older += 1
        else:
            self.find("missing" if stored is None else "extra" if log is None else "different", table, key, log, stored)

    def report(self):
        return {"rows": len(self.refused) + len(self.heard), "stored": self.stored, "older_than_the_log": self.older, **self.counts,
                "first": self.first}


def is_sound(event):
    said = {name: text_of(event, name) for name in ("specversion", "id", "source", "type", "time")}
    return said["specversion"] == "1.0" and all(said.values()) and milliseconds(said["time"]) is not None


def is_more(stored, log):
    """Of a sum with its first and last, or of a last alone."""
    if len(log) == 1:
        return stored[0] >= log[0]
    return stored[0] >= log[0] and stored[1] <= log[1] and stored[2] >= log[2]
