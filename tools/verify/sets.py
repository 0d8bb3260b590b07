# SPDX-License-Identifier: Apache-2.0
"""Log -> sets: builds every case's set anew from the log, a partition at a time, and compares it with the
stored one byte by byte. Where the log's beginning is gone, a stored set must hold what the log still says."""
from case_line import Unusable, line_of_event, read_event, renumber
from case_set import CaseSet
from event_log import partition_of

CHUNK = 2000


class Sets:
    """The comparison and its findings: kind of finding -> count, and the first of them with both texts."""
    KINDS = ("missing", "extra", "different", "misplaced", "cut_off")

    def __init__(self, rules, show, observations, feeds):
        self.rules, self.show, self.observations, self.feeds = rules, show, observations, feeds
        self.counts = dict.fromkeys(self.KINDS, 0)
        self.first = []
        self.events = self.unusable = self.cases = self.stored = self.older = self.other_form = self.refused = 0
        self.seen = set()

    def differences(self):
        return sum(self.counts.values())

    def find(self, what, case_id, log=None, stored=None):
        self.counts[what] += 1
        if len(self.first) < self.show:
            self.first.append({"what": what, "case": case_id, "log": log, "stored": stored})

    def take(self, messages, partition, partitions, cases):
        for message in messages:
            self.events += 1
            try:
                event, data = read_event(message.value(), message.headers())
                self.feeds.hear(event)
                if self.observations.take(event, data):
                    self.feeds.take(event, data)
                    continue
                found = line_of_event(event, data, self.rules)
            except Unusable:
                self.unusable += 1
                continue
            if not found:
                continue
            case_id, line = found
            if case_id not in cases:
                cases[case_id] = CaseSet(self.rules.kinds[case_id.partition(":")[0]])
                if partition_of(case_id, partitions) != partition:
                    self.find("misplaced", case_id, f"partition {partition}", f"partition of {partitions}: "
                              f"{partition_of(case_id, partitions)}")
            cases[case_id].add(line)

    def compare(self, cases, stored, whole):
        """One partition's cases with a function that looks up stored sets: [ids] -> {id: (kind, text)}."""
        ids = sorted(cases)
        for at in range(0, len(ids), CHUNK):
            chunk = ids[at:at + CHUNK]
            found = stored(chunk)
            for case_id in chunk:
                self.judge(case_id, cases[case_id], found.get(case_id), whole)
                yield case_id, cases[case_id]

    def judge(self, case_id, case, stored, whole):
        self.refused += case.refused
        text = case.text(self.rules)
        if stored is None and not text:
            return  # a set that takes none of its lines is not stored
        self.cases += 1
        self.seen.add(case_id)
        if stored is None:
            self.find("missing", case_id, text)
        elif stored != (case_id.partition(":")[0], text):
            self.judge_text(case_id, case, text, stored, whole)

    def judge_text(self, case_id, case, text, stored, whole):
        if stored[0] == case_id.partition(":")[0]:
            if renumber(stored[1], self.rules) == text:
                self.other_form += 1
                return
            if not whole and self.holds(stored[1], case):
                self.older += 1
                return
        self.find("different", case_id, text, stored[1])

    def holds(self, stored, case):
        """Every line of the log is in the stored set already."""
        try:
            kept = CaseSet(case.kind).read(stored, self.rules)
            before = dict(kept.lines)
            for line in case.lines.values():
                kept.add(line)
        except (ValueError, IndexError, KeyError):
            return False
        return kept.lines == before

    def look_for_extra(self, ids, partitions, cut):
        """What is stored and in no part of the log; cut: the partitions whose beginning is gone."""
        for case_id, in ids:
            self.stored += 1
            if case_id in self.seen:
                continue
            if partition_of(case_id, partitions) in cut:
                self.older += 1
            else:
                self.find("extra", case_id)
