# SPDX-License-Identifier: Apache-2.0
"""What a router has in memory after ninety days: requests that were opened, signed, answered, resolved, reviewed and
closed, as many a day as the district has, a tick a night; and on the last day open ones of six lines (the decision is
the router's own line)."""
import json
import random

from ingest_job import rfc3339
from router_job import RouterJob, compact, short_id

DAYS, A_DAY, OPEN = 90, 3500, 100000
MINUTE, HOUR, DAY = 60000, 3600000, 86400000
CALLERS = 200000  # that ever call; most call once or twice in that time
CLOSED_LIFE = (  # days after the opening, then stage, party, ms after it
    (0, "opened", "source", 0), (0, "signed", "lead", 20 * MINUTE), (0, "contacted", "lead", 5 * HOUR),
    (3, "resolved", "lead", 0), (4, "reviewed", "callback", 0), (6, "closed", "source", 0))
OPEN_LIFE = (
    ("opened", "source", 0), ("signed", "lead", 10 * MINUTE), ("contacted", "lead", 20 * MINUTE),
    ("supervised", "desk", 30 * MINUTE), ("supervised", "desk", 40 * MINUTE))


class Lives:
    """events(): (subject, event) of every event; (None, tick's time) once a night."""

    def __init__(self, config, now_ms, scale=1.0):
        self.job = RouterJob(config, classes=("7d", "15d"))
        self.began = now_ms - (DAYS + 1) * DAY
        self.a_day, self.open = max(1, int(A_DAY * scale)), max(1, int(OPEN * scale))
        pick = random.Random(11)
        self.told = []  # (data, lead)
        for matter in self.job.matters:
            told = json.loads(matter.told())
            told["caller_ref"] = "@"
            self.told.append((compact(told).replace('"@"', '"%s"'), matter.lead))
        self.callers = [short_id(b"caller", b"%d" % n).decode() for n in range(max(1, int(CALLERS * scale)))]
        self.picks = [(pick.randrange(len(self.told)), pick.choice(self.callers), pick.randrange(10 * HOUR))
                      for _ in range(self.a_day * 7 + 13)]

    def cases(self):
        return self.a_day * DAYS + self.open

    def event(self, n, day, step):
        stage, party, after = step
        which, caller, at = self.picks[n % len(self.picks)]
        data, lead = self.told[which]
        time_ms = self.began + day * DAY + 8 * HOUR + at + after
        number = b"LV%09d" % n
        subject, time = b"request:12345:" + number, rfc3339(time_ms)
        unit = {"lead": ',"unit":"%s"' % lead, "desk": ',"unit":"desk"'}.get(party, "")
        own = short_id(b"request:12345", number, stage.encode(), b"%d" % time_ms).decode()
        event = ('{"specversion":"1.0","id":"%s","source":"/feeds/hotline","type":"cn.citybrain.case.%s.v1","subject":"%s",'
                 '"time":"%s","datacontenttype":"application/json","recordedtime":"%s","partitionkey":"%s","feed":"hotline",'
                 '"feedversion":"1"%s,"party":"%s","revision":"00000000000000000000.%015d.000001.%s","data":%s}' % (
                     own, stage, subject.decode(), time, time, subject.decode(), unit, party, time_ms,
                     "%016x" % (n & 0xffffffff), data % caller if stage == "opened" else "{}"))
        return subject, event.encode()

    def events(self):
        for day in range(DAYS):
            for later, stage, party, after in CLOSED_LIFE:
                if day >= later:
                    for i in range(self.a_day):
                        yield self.event((day - later) * self.a_day + i, day, (stage, party, after))
            yield None, self.began + (day + 1) * DAY - 1
        for step in OPEN_LIFE:
            for i in range(self.open):
                yield self.event(DAYS * self.a_day + i, DAYS, step)
        yield None, self.began + DAYS * DAY + 19 * HOUR


def tick(time_ms, partition):
    text = rfc3339(time_ms)
    own = short_id(b"tick", b"%d" % time_ms, b"%d" % partition).decode()
    return ('{"specversion":"1.0","id":"%s","source":"/clock","type":"cn.citybrain.tick.v1","time":"%s"}' % (own, text)).encode()
