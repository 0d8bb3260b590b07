# SPDX-License-Identifier: Apache-2.0
"""The router's cost beside its limits and beside a peer, on one real broker, in one run.

  pass-fan      the transform loop reading the same events, writing the same decisions, orders and sets as canned bytes
  router        the district's rules, no triggers        pass-eos   the loop as a copy of the same events
  none, loaded  one rule; a hundred rules and thirty triggers, with what those tell each other over `signals`
  streams       Kafka Streams, exactly_once_v2, a case store in memory with its changelog: the job from start to end
  warm          the second half of ten times as many records: router, Streams, router
  lives         ninety days of 3,500 requests and 100,000 open ones of six lines, with the district's own triggers:
                memory, and how fast the state comes back beside a bare consumer of the same topics

usage: router.py [ROUNDS] [RECORDS] [SUBJECT...]     default: 3 rounds, 200000 requests, all subjects

A request is two records, its opening and the decision read back. A figure is CPU of the subject's process a record, of
the second half of a run: what a start costs is nobody's record (of Streams, cold, it is all of the run);
ratios are medians of in-round ratios, for which a round counts when its two pass-fan differ by at most 15 %. Router and
Streams are held against the oracle of router_job.py, every decision and order of every run. With fewer requests
everything is smaller, and memory is shown and not judged. Ends 1 when a must is missed."""
import itertools
import os
import statistics
import sys
import time

import router_bundle
import verdicts
from bench import alone
from router_job import RouterJob
from router_lives import Lives
from router_stage import RouterStage
from stage import ROOT
from verdicts import metric, say

FULL = 200000
WARM = 10
ORDER = ("pass-fan", "router", "pass-fan", "none", "loaded", "none", "pass-eos", "streams")
ONCE = ("warm", "lives")
MUSTS = (  # name, (subject, figure), (limit, figure), must, stretch, better
    ("cpu over pass-fan", ("router", "half_us"), ("pass-fan", "half_us"), 1.5, 1.25, "lower"),
    ("broker cpu over pass-fan", ("router", "half_broker"), ("pass-fan", "half_broker"), None, None, "lower"),
    ("cpu over pass-eos", ("router", "half_us"), ("pass-eos", "half_us"), None, None, "lower"),
    ("100 rules, 30 triggers over one rule", ("loaded", "half_us"), ("none", "half_us"), 1.5, 1.2, "lower"),
    ("streams cold over router", ("streams", "us"), ("router", "us"), None, None, "higher"),
)
HEAP, LONG_HEAP = 512, 3072
NEW, LONG = ("new1.", "new2."), ("long1.", "long2.")  # halves


def events_of(prefixes):
    return [prefix + "events" for prefix in prefixes]


class RouterBench:
    def __init__(self, stage, requests):
        self.stage, self.requests = stage, requests
        self.long = WARM * requests
        self.expected, self.notes = {}, {}

    def prepare(self, wanted):
        stage = self.stage
        job = RouterJob(ROOT / "config")
        streets = sorted(code for code, row in job.registries.divisions.items() if row["level"] == "street")
        self.configs = {name: router_bundle.write(stage.run, stage.config, name, job.codes, streets)
                        for name in ("rules", "none", "loaded")}
        for name in ("none", "loaded"):
            stage.citybrain("check", "--config", self.configs[name])
        bundle = stage.bundle_name(self.configs["rules"])
        for prefix in (*NEW, *LONG, "oracle.", "fan."):
            stage.topics(prefix)
        cases = job.cases(self.long if "warm" in wanted else self.requests, bundle)
        first = list(itertools.islice(cases, self.requests))
        also = LONG[:1] if "warm" in wanted else ()
        self.fill(first[:self.requests // 2], NEW[:1] + also)
        self.fill(first[self.requests // 2:], NEW[1:] + also)
        self.expect(NEW)
        if "warm" in wanted:
            self.fill(itertools.islice(cases, self.long // 2 - self.requests), also)
            self.fill(cases, LONG[1:])
            self.expect(LONG)
        self.answers = stage.run / "answers.tsv"
        self.answers.write_text(job.answers(bundle))
        full = self.held(NEW, lambda: self.route(NEW, "rules", 2 * self.requests))
        self.full = full["prefix"] + "events"
        self.canned = stage.can(full["prefix"], first)

    def fill(self, cases, prefixes):
        self.stage.fill(cases, events_of(prefixes), "oracle.")

    def route(self, halves, config, records):
        return self.stage.run_router(events_of(halves), self.configs[config], records)

    def expect(self, halves):
        self.expected[halves] = {"events": self.stage.multiset("oracle.events"),
                                 "orders": self.stage.multiset("oracle.dispatch.desk"),
                                 "read": self.stage.multiset(*events_of(halves))}

    def held(self, halves, run):
        """A run, and whether it wrote what the oracle says."""
        stage, expected, figures = self.stage, self.expected[halves], run()
        wrote = {"events": stage.difference([figures["prefix"] + "events"], expected["read"]),
                 "orders": stage.multiset(*stage.dispatch_topics(figures["prefix"]))}
        for what, found in wrote.items():
            assert found == expected[what], "%s of %s differ from the oracle: %s, expected %s" % (
                what, figures["prefix"], found, expected[what])
        return figures

    # --- subjects ---

    def run_pass_fan(self):
        return self.stage.run_fan(self.full, self.canned, 2 * self.requests)

    def run_pass_eos(self):
        return self.stage.run_eos(self.full, 2 * self.requests)

    def run_router(self):
        return self.held(NEW, lambda: self.route(NEW, "rules", 2 * self.requests))

    def run_none(self):
        return self.run_bundle("none")

    def run_loaded(self):
        return self.run_bundle("loaded")

    def run_bundle(self, name):
        """One order a request, whatever the rules: its lead's."""
        figures = self.route(NEW, name, 2 * self.requests)
        orders = self.stage.multiset(*self.stage.dispatch_topics(figures["prefix"]))["records"]
        assert orders >= self.requests, orders
        self.notes[name] = "%s: %.2f records of signals and %.2f orders a request" % (
            name, figures["signals"] / self.requests, orders / self.requests)
        return figures

    def run_streams(self):
        return self.held(NEW, lambda: self.stage.run_streams(events_of(NEW), self.answers, 2 * self.requests, HEAP))

    def warm(self):
        """The second half of many records."""
        stage, count, found = self.stage, 2 * self.long, {}
        for subject in ("router", "streams", "router"):
            if subject == "router":
                def run():
                    return self.route(LONG, "rules", count)
            elif stage.has_streams():
                def run():
                    return stage.run_streams(events_of(LONG), self.answers, count, LONG_HEAP)
            else:
                continue
            found.setdefault(subject, []).append(self.held(LONG, run))
            say("warm %s: %.2f us" % (subject, found[subject][-1]["half_us"]))
        return found

    def lives(self):
        """Memory while it lives and after a restore; bytes a second of restores and of a bare consumer between."""
        stage, lives = self.stage, Lives(ROOT / "config", int(time.time() * 1000), min(1.0, self.requests / FULL))
        prefix, config = "lives.", stage.config
        stage.topics(prefix)
        events = stage.live(lives, prefix + "events")
        say("%d events of %d requests lie ready" % (events, lives.cases()))
        figures = stage.run_lives(prefix, config, events, lives.cases())
        bare, restored = [], []
        for n in range(5):
            if n % 2:
                restored.append(stage.run_restore(prefix, config))
            else:
                bare.append(stage.read_bare(prefix))
        assert all(r["records"] >= bare[0]["records"] for r in restored), (restored, bare)
        speed = [b["bytes"] / b["ms"] / 1000 for b in bare]
        ours = [bare[0]["bytes"] / r["ms"] / 1000 for r in restored]
        say("%.0f cases, %.0f windows; state of %d records, %.0f MB: a bare consumer reads %.0f MB/s, restored are %.0f" % (
            figures["cases"], figures["windows"], bare[0]["records"], bare[0]["bytes"] / 1e6, statistics.mean(speed),
            statistics.mean(ours)))
        figures.update(restore=statistics.mean(ours) / statistics.mean(speed),
                       restored_rss=max(r["rss"] for r in restored))
        return figures

    def run(self, subject):
        return getattr(self, "run_" + subject.replace("-", "_"))()


def once_metrics(warm, lives, requests):
    if warm is not None:
        ours = statistics.mean(f["half_us"] for f in warm["router"])
        peer = warm["streams"][0]["half_us"] if "streams" in warm else None
        yield metric("streams warm over router", peer and peer / ours, 1.8, 2.0, "higher")
    if lives is not None:
        judged = requests >= FULL
        yield metric("restore over a bare consumer", lives["restore"], 0.6, 0.8, "higher")
        for name, figure in (("memory of %d cases, MiB", "rss"), ("memory of %d cases restored, MiB", "restored_rss")):
            yield metric(name % lives["cases"], lives[figure], 128 if judged else None, 64, "lower")


def print_all(bench, played, warm, metrics):
    rows = verdicts.rows_of(played, ORDER, "half_us", "half_broker")
    if warm:
        rows += [("%s, warm" % s, [f["half_us"], f["half_broker"], f["rss"], f["seconds"]])
                 for s, found in warm.items() for f in found]
    verdicts.print_rows(rows)
    for note in bench.notes.values():
        print(note)
    print()
    verdicts.print_metrics(metrics)


def main(arguments):
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    rounds, requests = int(arguments[0]) if arguments else 3, int(arguments[1]) if arguments[1:] else FULL
    wanted = set(arguments[2:]) or set(ORDER) | set(ONCE)
    if wanted - set(ORDER) - set(ONCE):
        sys.exit("bench-router: no subject %s" % ", ".join(wanted - set(ORDER) - set(ONCE)))
    wanted |= {"pass-fan", "router"}
    musts = [must for must in MUSTS if {must[1][0], must[2][0]} <= wanted]
    lock = alone()
    stage = RouterStage(ROOT / os.environ.get("CITYBRAIN_BIN", "build/release"))
    began = time.monotonic()
    try:
        stage.start()
        wanted -= stage.absent()
        bench = RouterBench(stage, requests)
        bench.prepare(wanted)
        say("prepared in %.0f s" % (time.monotonic() - began))
        played = verdicts.play(bench, ORDER, rounds, wanted)
        warm = bench.warm() if "warm" in wanted else None
        lives = bench.lives() if "lives" in wanted else None
    finally:
        stage.keep_logs()
        stage.stop()
        lock.close()
    metrics = [*verdicts.ratios_of(played, musts, "pass-fan"), *once_metrics(warm, lives, requests)]
    print_all(bench, played, warm, metrics)
    kept, missed = verdicts.keep("router", metrics)
    print("\n%s\n%d rounds of %d requests, %.0f s; %s" % (
        stage.versions(), rounds, requests, time.monotonic() - began, kept))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
