# SPDX-License-Identifier: Apache-2.0
"""All lines of one case (docs/contracts.md §3, §6). Of two lines of one id the greater revision gives the
content, live if either is, recorded at the earlier. Order: time, the stage's rank, id; but no line stands in
front of the one it names as its cause (docs/decisions/0056)."""
from case_line import CAUSE, read_line, write_line

MOST_LINES, OPEN_TO_ALL = 256, 240  # behind 240 lines what ends or begins a round, and its decision
MOST_BYTES, ANSWER_BYTES = 48 * 1024, 512
# to one line; to all, as far as room is kept; what a case without its opening waits for
MOST_ANSWERS, MOST_OWED, HEAD_LINES = 2, 16, 3
ANSWERED = ("co_assigned", "whistle_blown", "dispute_decided", "extended", "escalated", "supervised", "disputed",
            "hold_requested")
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

    def unanswered(self, line, lines):
        """Of the answers that it entered with the room for, those that are not there."""
        owed = self.answers(line)
        said = sum(one.party == self.kind.router and one.attributes[CAUSE] == line.id for one in lines) if owed else 0
        return max(0, owed - said)

    def owed_head(self, lines):
        """What a case without its opening waits for: the question where it is, it, its lead."""
        stages = [(line, self.kind.by_number.get(line.stage)) for line in lines]
        head = any(stage is not None and not stage.after for _, stage in stages)
        asked = any(stage is not None and stage.name == "escalated" and line.party == self.kind.router for line, stage in stages)
        return 0 if head else HEAD_LINES - asked

    def owed(self, line=None):
        """Lines that may still be said, of which room is kept for some, and because of a line that is about to enter."""
        there = list(self.lines.values())
        lines = there + [line] if line else there
        return min(MOST_OWED, sum(self.unanswered(one, lines) for one in there)) + self.owed_head(lines) \
            + (self.unanswered(line, there) if line else 0)

    def is_owed(self, line):
        cause = self.lines.get(line.attributes[CAUSE]) if line.party == self.kind.router else None
        return cause is not None and self.unanswered(cause, list(self.lines.values())) > 0

    def may_enter(self, line):
        count = len(self.lines) + 1
        if count + MOST_OWED + HEAD_LINES + MOST_ANSWERS <= OPEN_TO_ALL:
            return True
        count += self.owed(line)
        if count <= OPEN_TO_ALL:
            return True
        stage = self.kind.by_number.get(line.stage)
        return count <= MOST_LINES and stage is not None and \
            (stage.counts_as in ("resolution", "closure") or stage.new_round or stage.name == "dispatched"
             or self.is_owed(line))

    def fits(self, size, line):
        if size + (MOST_OWED + HEAD_LINES + MOST_ANSWERS) * ANSWER_BYTES <= MOST_BYTES:
            return True
        return size + self.owed(line) * ANSWER_BYTES <= MOST_BYTES

    def add(self, line):
        old = self.lines.get(line.id)
        if old == line:
            return
        merged = join(old, line) if old else line
        if merged == old:
            return
        size = self.bytes + most_bytes(merged) - (most_bytes(old) if old else 0)
        if (not old and not self.may_enter(line)) or not self.fits(size, None if old else line):
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
