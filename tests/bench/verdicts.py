# SPDX-License-Identifier: Apache-2.0
"""Rounds of subjects, ratios within a round, and what became of each must: for the benches with several of them."""
import json
import statistics
import sys

from stage import ROOT

SPREAD = 1.15


def say(text):
    print(text, file=sys.stderr, flush=True)


def play(bench, order, rounds, wanted):
    """Figures of each round by subject; the order is rotated."""
    order, played = [s for s in order if s in wanted], []
    for number in range(rounds):
        figures, turn = {}, number % max(1, len(order))
        for subject in order[turn:] + order[:turn]:
            figures.setdefault(subject, []).append(bench.run(subject))
        played.append(figures)
        say("round %d: %s" % (number + 1, "  ".join("%s %.2f" % (s, statistics.mean(f["us"] for f in found))
                                                   for s, found in figures.items())))
    return played


def in_round(figures, subject, limit, guard):
    """This round's ratio, or None where it does not count: the guard's CPU differed too much."""
    ours, limits = figures.get(subject[0]), figures.get(limit[0])
    if not ours or not limits or None in ours:
        return None
    values = [f[limit[1]] for f in limits]
    if limit[0] == guard and limit[1] in ("us", "half_us", "pg") and max(values) > SPREAD * min(values):
        return None
    return statistics.mean(f[subject[1]] for f in ours) / statistics.mean(values)


def middle(played, subject, figure):
    found = [f[figure] for figures in played for f in figures.get(subject, []) if f and figure in f]
    return statistics.median(found) if found else None


def metric(name, value, must, stretch, better, spread=None):
    return {"metric": name, "value": None if value is None else round(value, 3), "range": spread, "must": must,
            "stretch": stretch, "better": better}


def ratios_of(played, musts, guard):
    """musts: name, (subject, figure), (limit, figure), must, stretch, better."""
    for name, subject, limit, must, stretch, better in musts:
        found = [r for r in (in_round(figures, subject, limit, guard) for figures in played) if r is not None]
        if found:
            yield metric(name, statistics.median(found), must, stretch, better,
                         [round(min(found), 3), round(max(found), 3)])
        elif must is not None:
            yield metric(name, None, must, stretch, better)


def is_missed(one):
    if one["must"] is None:
        return False
    if one["value"] is None:
        return True
    return one["value"] > one["must"] if one["better"] == "lower" else one["value"] < one["must"]


def print_rows(rows, other="broker us"):
    """rows: name, CPU a record, that of the other part, MiB, seconds."""
    print("%-14s %8s %9s %8s %8s" % ("", "us/rec", other, "RSS MiB", "seconds"))
    for subject, cells in rows:
        if any(cell is not None for cell in cells):
            print("%-14s %8s %9s %8s %8s" % (subject, *("-" if c is None else "%.2f" % c for c in cells[:2]),
                                             *("-" if c is None else "%.1f" % c for c in cells[2:])))


def rows_of(played, order, us="us", broker="broker"):
    return [(s, [middle(played, s, figure) for figure in (us, broker, "rss", "seconds")])
            for s in dict.fromkeys(order)]


def print_metrics(metrics):
    width = max(len(one["metric"]) for one in metrics)
    for one in metrics:
        word = "missed" if is_missed(one) else "kept" if one["must"] is not None else "no limit"
        print("%-*s %8s   %s%s%s" % (
            width, one["metric"], "-" if one["value"] is None else "%.2f" % one["value"],
            "" if one["must"] is None else "%s %s   " % ({"lower": "at most", "higher": "at least"}[one["better"]],
                                                         one["must"]),
            word, "   (%.2f to %.2f)" % tuple(one["range"]) if one["range"] else ""))


def keep(name, metrics):
    """build/bench/NAME.json; what was missed."""
    out = ROOT / "build/bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / (name + ".json")).write_text(json.dumps(metrics, indent=1) + "\n")
    missed = [one["metric"] for one in metrics if is_missed(one)]
    return "build/bench/%s.json; %s" % (name, "missed: " + ", ".join(missed) if missed else "every must kept"), missed
