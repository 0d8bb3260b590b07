# SPDX-License-Identifier: Apache-2.0
"""All lines of one case (docs/contracts.md §3, §6). Of two lines of one id the greater revision gives the
content, live if either is, recorded at the earlier. Order: time, the stage's rank, id; but no line stands in
front of the one it names as its cause (docs/decisions/0056)."""
from case_line import CAUSE, read_line, write_line

MOST_LINES, OPEN_TO_ALL = 256, 240  # behind 240 lines what ends or begins a round, and its decision
MOST_BYTES, ANSWER_BYTES = 48 * 1024, 512
ANSWERED = ("co_assigned", "whistle_blown", "dispute_decided", "extended", "escalated", "supervised")
NUMBERS = 4 * 15 + 12  # a line's numbers and marks counted at their longest


def part_order(part, is_number):
    return (0,) if part is None else (1, len(part), part) if is_number else (1, part)


def revision_order(revision):
    """Numbers without leading zeros: the longer is the greater. A part that is not there comes first."""
    parts = revision.split(".", 3)
    parts += [None] * (4 - len(parts))
    return tuple(part_order(part, n < 3) for n, part in enumerate(parts))


def content_order(line):
    """Where two contents claim one revision, a fixed order of contents decides."""
    texts = tuple(part_order(text, False) for text in (line.unit, *line.attributes))
    return revision_order(line.revision), line.time, line.stage, line.party, texts


def earlier(a, b):
    return b if a is None else a if b is None else min(a, b)


def join(old, new):
    winner = old if content_order(old) >= content_order(new) else new
    return winner._replace(live=old.live or new.live, recorded=earlier(old.recorded, new.recorded))


def escaped_bytes(text):
    return len(text.encode()) + text.count("|") + text.count("\\") + text.count("\n")


def most_bytes(line):
    return NUMBERS + sum(escaped_bytes(text) for text in (line.id, line.revision, line.unit or "")) \
        + sum(escaped_bytes(text) + 3 for text in line.attributes if text is not None)


class CaseSet:
    def __init__(self, kind):
        self.kind, self.lines, self.bytes, self.refused = kind, {}, 0, 0

    def answers(self, line):
        """Lines that the router may say because of it (docs/decisions/0061): it enters with the room for them."""
        stage = self.kind.by_number.get(line.stage)
        if stage is None or (line.party == self.kind.router and stage.after):
            return 0
        if stage.new_lead:
            return 2
        return int(not stage.after or stage.new_round or stage.clock is not None
                   or stage.name in ("unmerged", "merged", *ANSWERED))

    def may_enter(self, line):
        count = len(self.lines) + 1 + self.answers(line)
        if count <= OPEN_TO_ALL:
            return True
        stage = self.kind.by_number.get(line.stage)
        return count <= MOST_LINES and stage is not None and \
            (stage.counts_as in ("resolution", "closure") or stage.new_round or stage.name == "dispatched")

    def add(self, line):
        old = self.lines.get(line.id)
        if old == line:
            return
        merged = join(old, line) if old else line
        if merged == old:
            return
        size = self.bytes + most_bytes(merged) - (most_bytes(old) if old else 0)
        spare = 0 if old else self.answers(line) * ANSWER_BYTES
        if (not old and not self.may_enter(line)) or size + spare > MOST_BYTES:
            self.refused += 1
            return
        self.lines[line.id] = merged
        self.bytes = size

    def place(self, line):
        stage = self.kind.by_number.get(line.stage)
        return line.time, stage.rank if stage else 1 << 31, line.id

    def ordered(self):
        """From the back, so that two answers to one cause stay in their order, until none stands in front of it."""
        lines, moved, passes = sorted(self.lines.values(), key=self.place), True, 0
        while moved and passes < len(lines):
            moved, passes = False, passes + 1
            for at in range(len(lines) - 1, -1, -1):
                cause = lines[at].attributes[CAUSE]
                later = [n for n in range(at + 1, len(lines)) if lines[n].id == cause] if cause is not None else []
                if later:
                    lines.insert(later[0], lines.pop(at))
                    moved = True
        return lines

    def text(self, rules):
        return "\n".join(write_line(line, rules) for line in self.ordered())

    def read(self, text, rules):
        """The lines of a stored set, as they are. Raises like read_line."""
        for part in text.split("\n") if text else []:
            line = read_line(part, rules)
            self.lines[line.id] = line
            self.bytes += most_bytes(line)
        return self
