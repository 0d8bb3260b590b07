# SPDX-License-Identifier: Apache-2.0
"""The aggregator's cost beside what its database cannot do for less, beside other ways to the same views, and with ten
times the past; on one real broker and one real database, in one run.

  ours       every view of the district              bare      what it wrote, recorded, sent again by a plain client
  rows       each event by itself: what ours writes when a batch is one event, one row a statement, prepared,
             pipelined, in transactions of 10,000 events; of a tenth of the requests
  summed     the rows of ours, which a batch summed up and folded beforehand, one row a statement likewise
  few        four views: closure_rate, backlog, on_time, response_time
  triggers   the same four from the same events by statement triggers, in the same transactions: an event a row, so that
             repeats and corrections are told; the touched cases folded from their events into a flat row with the lists'
             indexes; that row's change into the cells
  folded     the last step alone: flat rows that were folded beforehand, which no one gives away; no event is kept
  refresh    the same four as materialized views over REFRESH cases, made anew, beside a batch of 1,000 events
  sink       Kafka Connect with Debezium's JDBC sink: plain upserts of the same cases, flat and folded beforehand, in both
             forms it has (a row a statement, unnest); the second half of SINK records
  history    the next cases told to a database with HISTORY cases of long ago (at least ten times REQUESTS), and to one with
             ten times as many; in nine turns, each of which counts

usage: aggregator.py [ROUNDS] [REQUESTS] [HISTORY] [REFRESH] [SINK] [SUBJECT...]
default: 3 20000 200000 1000000 600000, all

A request is six events. A figure is CPU an event, of a client's second half (what a start costs is no event's) and of
its backend; ratios are medians of in-round ratios, and a round counts when its two bare runs differ by at most 15 %. What
triggers made must be the aggregator's own cells. Ends 1 when a must is missed."""
import os
import statistics
import sys
import time

import verdicts
from aggregator_history import TURNS, History
from aggregator_job import HEADERS, AggregatorJob
from aggregator_peers import Peers, few_views
from aggregator_sink import FORMS, Sink
from aggregator_stage import AggregatorStage
from bench import alone
from stage import ROOT
from verdicts import metric, say

DEFAULTS = (3, 20000, 200000, 1000000, 600000)
ORDER = ("bare", "ours", "bare", "rows", "summed", "few", "triggers", "folded")
ONCE = ("refresh", "sink", "history")
EVENTS_A_TRANSACTION = 10000  # as ours in a backlog
REFRESH_EVENTS = 1000  # the views stand anew once a second at 1,000 events/s
MUSTS = (  # name, (subject, figure), (limit, figure), must, stretch, better
    ("database cpu over bare statements", ("ours", "pg"), ("bare", "pg"), 1.25, 1.1, "lower"),
    ("daemon cpu over the database's", ("ours", "half_us"), ("ours", "pg"), 0.3, 0.15, "lower"),
    ("row by row over ours", ("rows", "all"), ("ours", "all"), 2.0, 3.0, "higher"),
    ("... of rows summed beforehand", ("summed", "all"), ("ours", "all"), None, None, "higher"),
    ("statement triggers over ours", ("triggers", "all"), ("few", "all"), 2.0, 3.0, "higher"),
    ("... of cases folded beforehand", ("folded", "all"), ("few", "all"), None, None, "higher"),
)


class AggregatorBench:
    def __init__(self, stage, requests):
        self.stage = stage
        self.now = int(time.time() * 1000)
        self.job = AggregatorJob(stage.config, requests, self.now)
        self.single = AggregatorJob(stage.config, max(1, requests // 10), self.now)
        self.peers = Peers(stage, self.job)

    def tell(self, job, topic):
        writer = self.stage.writer()
        for n, (subject, event) in enumerate(job.events()):
            self.stage.put(writer, topic, event, subject, HEADERS)
            if n % 1000 == 0:
                writer.poll(0)
        assert writer.flush(60) == 0

    def prepare(self, wanted):
        stage = self.stage
        for prefix in ("void.", "in.", "one."):
            stage.topics(prefix)
        self.tell(self.job, "in.events")
        self.few = few_views(stage, "few")
        stage.shape("all_shape")
        stage.shape("few_shape", self.few)
        self.script, self.rows, self.summed = (stage.run / (name + ".script") for name in ("bare", "rows", "summed"))
        recorder = stage.record("in.", "all_shape", len(self.job))
        recorder.write_script(self.script)
        recorder.write_rows(self.summed, 1)
        self.peers.prepare(recorder.transactions)
        counts = recorder.counts()
        say("recorded: %d transactions, %.1f rows an event: %s" % (
            len(recorder.transactions), sum(counts.values()) / len(self.job),
            ", ".join("%s %.2f" % (name, count / len(self.job)) for name, count in sorted(counts.items()))))
        if "rows" in wanted:
            self.tell(self.single, "one.events")
            one = stage.record("one.", "all_shape", len(self.single), batch_records=1)
            one.write_rows(self.rows, EVENTS_A_TRANSACTION)
            say("by themselves: %.1f rows an event" % (sum(one.counts().values()) / len(self.single)))

    # --- subjects ---

    def run_ours(self):
        self.stage.database("run", "all_shape")
        return self.stage.aggregate("in.", "run", len(self.job))

    def run_few(self):
        self.stage.database("few_run", "few_shape")
        return self.stage.aggregate("in.", "few_run", len(self.job), config=self.few)

    def run_bare(self):
        self.stage.database("bare_run", "all_shape")
        return self.stage.bare("bare_run", self.script, len(self.job))

    def run_rows(self):
        self.stage.database("bare_run", "all_shape")
        return self.stage.bare("bare_run", self.rows, len(self.single), "pipelined")

    def run_summed(self):
        self.stage.database("bare_run", "all_shape")
        return self.stage.bare("bare_run", self.summed, len(self.job), "pipelined")

    def run_triggers(self):
        return self.held(self.peers.run_triggers())

    def run_folded(self):
        return self.held(self.peers.run_folded())

    def held(self, figures):
        """What the triggers made are the aggregator's own cells."""
        self.stage.database("few_run", "few_shape")
        self.stage.aggregate("in.", "few_run", len(self.job), config=self.few)
        self.peers.hold("few_run")
        return figures

    def run(self, subject):
        return getattr(self, "run_" + subject)()


def sink_metrics(bench, played, records):
    sink = Sink(bench.stage, bench.peers, records)
    sink.prepare()
    for form in FORMS:
        found = sink.run(form)
        say("sink, %s: %.2f us client, %.2f us database, %.0f MiB, %.0f s" % (
            form, found["half_us"], found["pg"], found["rss"], found["seconds"]))
        for name, figure, must in (("in all", "all", 2.0), ("in client cpu", "half_us", 10.0)):
            yield metric("connect's sink (%s) over ours, %s" % (form, name), found[figure] / verdicts.middle(played, "ours", figure),
                         must, None, "higher")


def once_metrics(bench, played, wanted, history, refresh, sink):
    if "refresh" in wanted:
        found = bench.peers.refresh(refresh)
        batch = verdicts.middle(played, "few", "pg") * REFRESH_EVENTS / 1e6
        say("materialized views over %d cases: %.2f s CPU, %.2f s; ours %.4f s CPU of the database for %d events" % (
            found["cases"], found["cpu"], found["seconds"], batch, REFRESH_EVENTS))
        yield metric("refresh of %d cases over %d events" % (found["cases"], REFRESH_EVENTS), found["cpu"] / batch,
                     100 if found["cases"] >= DEFAULTS[3] else None, 225, "higher")
    if "sink" in wanted and Sink.is_there():
        yield from sink_metrics(bench, played, sink)
    if "history" in wanted:
        history = max(history, (TURNS + 1) * bench.job.requests)
        found = History(bench, "in.", "run").compare(history)
        yield metric("database cpu, %d cases of long ago over at most %d" % (10 * history, history), statistics.median(found), 1.1,
                     1.05, "lower", [round(min(found), 3), round(max(found), 3)])


def play(stage, wanted, rounds, requests, *sizes):
    stage.start()
    bench, began = AggregatorBench(stage, requests), time.monotonic()
    bench.prepare(wanted)
    say("prepared in %.0f s" % (time.monotonic() - began))
    played = verdicts.play(bench, ORDER, rounds, wanted)
    metrics = list(verdicts.ratios_of(played, [m for m in MUSTS if {m[1][0], m[2][0]} <= wanted], "bare"))
    peak = max(f["rss"] for figures in played for f in figures["ours"])
    metrics.append(metric("memory, MiB", peak, 64, 40, "lower"))
    verdicts.print_rows(verdicts.rows_of(played, ORDER, "half_us", "pg"), "pg us")
    print(flush=True)
    for one in once_metrics(bench, played, wanted, *sizes):
        metrics.append(one)
        verdicts.print_metrics([one])
    print()
    verdicts.print_metrics(metrics)
    return metrics


def main(arguments):
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    numbers = [int(word) for word in arguments[:5]]
    numbers += DEFAULTS[len(numbers):]
    wanted = set(arguments[5:]) or set(ORDER) | set(ONCE)
    if wanted - set(ORDER) - set(ONCE):
        sys.exit("bench-aggregator: no subject %s" % ", ".join(wanted - set(ORDER) - set(ONCE)))
    wanted |= {"bare", "ours"} | ({"few"} if wanted & {"triggers", "folded", "refresh"} else set())
    lock = alone()
    stage = AggregatorStage(ROOT / os.environ.get("CITYBRAIN_BIN", "build/release"))
    began = time.monotonic()
    try:
        metrics = play(stage, wanted, *numbers)
    finally:
        stage.keep_logs()
        stage.stop()
        lock.close()
    kept, missed = verdicts.keep("aggregator", metrics)
    print("\n%d rounds of %d requests, %.0f s; %s" % (numbers[0], numbers[1], time.monotonic() - began, kept))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
