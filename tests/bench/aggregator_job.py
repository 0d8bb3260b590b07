# SPDX-License-Identifier: Apache-2.0
"""The job that every subject of `make bench-aggregator` does: requests as a district has them, 3,500 a day, each opened,
dispatched, signed, answered, resolved and closed with log-normal gaps, told in the order of time. And what each is at
any moment as one flat row, for peers that keep nothing else: with the fold done for them."""
import math
import random

from ingest_job import CONTENT_TYPE, rfc3339
from recorder import values_of
from router_job import RouterJob, Written, short_id

A_DAY = 3500
MINUTE, HOUR, DAY = 60000, 3600000, 86400000
RECORDED_MS = 90000  # behind the opening; the decision's own time
SUBJECT = "request:12345:BR%09d"  # as RouterJob has them
HISTORY = "request:12345:BA"      # sorts before: cases of long ago
# stage, party, minutes after the stage before (median), how much they spread
LATER = (("signed", "lead", 25, 0.6), ("contacted", "lead", 180, 0.7), ("resolved", "lead", 2000, 0.5),
         ("closed", "source", 700, 0.6))
STEPS = 2 + len(LATER)
COLUMNS = ("case_id", "lead", "type_code", "street_code", "limit_class", "opened_ms", "dispatched_ms", "due_ms", "signed_ms",
           "contacted_ms", "resolved_ms", "closed_ms")
TYPES = ("text",) * 5 + ("bigint",) * 7
EVENT_COLUMNS = ("case_id", "id", "revision", "stage", "time_ms", "recorded_ms", "unit", "party", "lead", "type_code",
                 "street_code", "limit_class", "due_ms")
EVENT_TYPES = ("text",) * 4 + ("bigint",) * 2 + ("text",) * 6 + ("bigint",)
AT = {name: index for index, name in enumerate(COLUMNS)}


class AggregatorJob:
    def __init__(self, config, requests, end_ms, first=0):
        """first: the number of its first case."""
        self.job, self.requests, self.first = RouterJob(config), requests, first
        self.written = [Written(matter, "bench") for matter in self.job.matters]
        pick = random.Random(31)
        self.matter = [pick.randrange(len(self.written)) for _ in range(requests)]
        apart = DAY / A_DAY
        begin = end_ms - int(requests * apart) - 20 * DAY
        self.times = []  # of each case's steps
        for n in range(requests):
            opened = begin + int(n * apart)
            steps = [opened, opened + RECORDED_MS]
            for _, _, minutes, spread in LATER:
                gap = pick.lognormvariate(math.log(minutes), spread) * MINUTE
                steps.append(steps[-1] + min(int(gap), 5 * DAY))
            self.times.append(steps)
        self.order = sorted((at, n, step) for n, steps in enumerate(self.times) for step, at in enumerate(steps))

    def __len__(self):
        return len(self.order)

    def later(self, n, step):
        stage, party, _, _ = LATER[step - 2]
        subject, time_ms = SUBJECT % (self.first + n), self.times[n][step]
        time, lead = rfc3339(time_ms), self.written[self.matter[n]].matter.lead
        own = short_id(b"later", subject.encode(), stage.encode()).decode()
        return ('{"specversion":"1.0","id":"%s","source":"/feeds/hotline","type":"cn.citybrain.case.%s.v1","subject":"%s",'
                '"time":"%s","datacontenttype":"application/json","recordedtime":"%s","partitionkey":"%s","feed":"hotline",'
                '"feedversion":"1"%s,"party":"%s","revision":"00000000000000000000.%015d.000001.%016x","data":{}}' % (
                    own, stage, subject, time, time, subject, ',"unit":"%s"' % lead if party == "lead" else "", party,
                    time_ms, n)).encode()

    def events(self):
        """(case, event), in the order of time."""
        decided = {}
        for _, n, step in self.order:
            if step == 0:
                opened = self.times[n][0]
                case = self.written[self.matter[n]].case(self.first + n, (opened, rfc3339(opened), rfc3339(opened + RECORDED_MS)))
                decided[n] = case.decided
                yield case.subject, case.opened
            else:
                yield (SUBJECT % (self.first + n)).encode(), decided.pop(n) if step == 1 else self.later(n, step)

    def row(self, n, step):
        """The case once that step is told."""
        matter, times = self.written[self.matter[n]].matter, self.times[n]
        row = [SUBJECT % n, "", matter.code, matter.street, "", times[0]] + [None] * 6
        if step >= 1:
            row[1], row[4], row[6] = matter.lead, matter.limit_class or "", times[1]
            row[7] = times[0] + matter.hours * HOUR if matter.hours else None
        row[8:8 + max(0, step - 1)] = times[2:step + 1]
        return row

    def event(self, n, step):
        """The event that tells it, as far as the peers' views need it."""
        matter, time_ms, case = self.written[self.matter[n]].matter, self.times[n][step], SUBJECT % n
        stage, party = ("opened", "source") if step == 0 else ("dispatched", "router") if step == 1 else LATER[step - 2][:2]
        opened, dispatched = (matter.code, matter.street) if step == 0 else (None, None), (None, None, None)
        if step == 1:
            dispatched = matter.lead, matter.limit_class or "", self.times[n][0] + matter.hours * HOUR if matter.hours else None
        return [case, short_id(case.encode(), stage.encode()).decode(), "%020d.%015d" % (0, time_ms), stage, time_ms,
                time_ms, matter.lead if party == "lead" else None, party, dispatched[0], *opened, *dispatched[1:]]

    @staticmethod
    def told(recorded):
        """Of each transaction of the aggregator's, {case: the last step that is told}: its sets say so."""
        for transaction in recorded:
            yield {int(case[-9:]): lines.strip().count(b"\n") for name, _, values in transaction if name == b"core_sets"
                   for case, lines in zip(values_of(values[0]), values_of(values[2]))}

    def row_batches(self, recorded):
        """The flat rows that change in each of them."""
        for told in self.told(recorded):
            yield [self.row(n, step) for n, step in told.items()]

    def event_batches(self, recorded):
        """The events of each of them."""
        before = {}
        for told in self.told(recorded):
            yield [self.event(n, step) for n, last in told.items() for step in range(before.get(n, -1) + 1, last + 1)]
            before.update(told)


HEADERS = [CONTENT_TYPE]
