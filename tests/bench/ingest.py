# SPDX-License-Identifier: Apache-2.0
"""Ingest's cost beside its limits and beside its peers, on one real broker, in one run.

  pass-eos      the transform loop as a copy: the same zstd `raw` in, canned records of `events`' sizes out
  ingest        raw orders, two in a hundred spoiled, to events and dead letters
  utf8, gb      the same rows as CSV in UTF-8 and in GB18030           clean, dirty   no order spoiled; every one
  door          NDJSON of a hundred records a request, each with its verdict, until `raw` has them
  streams       Kafka Streams, exactly_once_v2: the job from start to end (cold), and the second half of four
                million records (warm)
  python        confluent-kafka, one transaction a batch               rsyslog        as far as it goes: less work

usage: ingest.py [ROUNDS] [RECORDS] [SUBJECT...]     default: 3 rounds, 400000 records, all subjects
       subjects beside the above: warm, memory (the smallest heap at which Streams keeps 95 % of its speed)

A figure is CPU of the subject's processes a record; ratios are medians of in-round ratios, for which a round counts
when its two pass-eos differ by at most 15 %. Whoever claims to do the job is held against the oracle of
ingest_job.py, every record of every run. Peers come with `make deps-bench`; one that is missing is left out, and
its musts are missed. Ends 1 when a must is missed."""
import os
import statistics
import sys
import time

import verdicts
from bench import alone
from ingest_job import Job, outputs_of
from ingest_stage import IngestStage
from stage import ROOT
from verdicts import metric, say

WARM_RECORDS = 4000000
ORDER = ("pass-eos", "ingest", "pass-eos", "utf8", "gb", "clean", "dirty", "door", "streams", "python", "rsyslog")
ONCE = ("warm", "memory")
MUSTS = (  # name, (subject, figure), (limit, figure), must, stretch, better
    ("cpu over pass-eos", ("ingest", "us"), ("pass-eos", "us"), 1.5, 1.1, "lower"),
    ("broker cpu over pass-eos", ("ingest", "broker"), ("pass-eos", "broker"), 1.2, 1.0, "lower"),
    ("gb18030 over utf-8", ("gb", "us"), ("utf8", "us"), 1.35, 1.15, "lower"),
    ("dirty over clean", ("dirty", "us"), ("clean", "us"), 1.5, 1.1, "lower"),
    ("door over pass-eos", ("door", "us"), ("pass-eos", "us"), 3.0, 2.0, "lower"),
    ("streams cold over ingest", ("streams", "us"), ("ingest", "us"), 6.0, 8.0, "higher"),
    ("python over ingest", ("python", "us"), ("ingest", "us"), 3.0, 4.0, "higher"),
    ("rsyslog over ingest", ("rsyslog", "us"), ("ingest", "us"), None, None, "higher"),
)
HEAPS = (256, 128, 96, 64, 48, 32)


class IngestBench:
    def __init__(self, stage, records):
        self.stage, self.records = stage, records
        self.copies = max(4, -(-WARM_RECORDS // records))
        self.expected = {}

    def prepare(self, wanted):
        """Topics filled, and what must come of them written beside by the oracle."""
        stage, half = self.stage, self.records // 2
        job = Job(ROOT / "config")
        sources = {"in.": list(job.dirty(self.records))}
        if wanted & {"clean", "dirty"}:
            sources.update({"clean.": list(job.records(half)), "dirty.": list(job.dirty(half, 1))})
        if wanted & {"utf8", "gb"}:
            sources.update({"utf8.": list(job.as_csv(half, "utf-8")), "gb.": list(job.as_csv(half, "gb18030"))})
        for prefix in (*sources, "oracle.", "sized.", "door.", "streams.", "python.", "rsyslog.", "long."):
            stage.topics(prefix)
        for prefix, records in sources.items():
            stage.load(prefix + "raw", records)
        for prefix in ("in.", "clean.", "dirty."):
            if prefix in sources:
                before = {stream: stage.multiset("oracle." + stream) for stream in ("events", "dead")}
                stage.load_outputs("oracle.", outputs_of(sources[prefix]))
                self.expected[prefix] = {stream: stage.difference(["oracle." + stream], before[stream])
                                         for stream in ("events", "dead")}
        self.bodies = stage.bodies(sources["in."], self.records // 4)
        if wanted & set(ONCE):
            for _ in range(self.copies):
                stage.copy("in.raw", "long.raw")
        stage.can("in.", self.records)

    # --- subjects ---

    def held(self, prefix, source, run, copies=1):
        """A run, and whether it wrote what the oracle says."""
        stage, streams = self.stage, ("events", "dead")
        before = {stream: stage.multiset(prefix + stream) for stream in streams}
        figures = run()
        wrote = {stream: stage.difference([prefix + stream], before[stream]) for stream in streams}
        expected = {stream: {figure: number * copies % 2 ** 64 for figure, number in self.expected[source][stream].items()}
                    for stream in streams}
        assert wrote == expected, "%s differs from the oracle: %s, expected %s" % (prefix, wrote, expected)
        return figures

    def run_pass_eos(self):
        return self.stage.run_sized("in.raw", self.records)

    def run_ingest(self):
        return self.held("in.", "in.", lambda: self.stage.run_ingest("in.", self.records))

    def run_utf8(self):
        return self.stage.run_ingest("utf8.", self.records // 2)

    def run_gb(self):
        return self.stage.run_ingest("gb.", self.records // 2)

    def run_clean(self):
        return self.held("clean.", "clean.", lambda: self.stage.run_ingest("clean.", self.records // 2))

    def run_dirty(self):
        return self.held("dirty.", "dirty.", lambda: self.stage.run_ingest("dirty.", self.records // 2))

    def run_door(self):
        return self.stage.run_door("door.", self.bodies)

    def run_streams(self):
        return self.held("streams.", "in.", lambda: self.stage.run_streams("in.raw", "streams.", self.records))

    def run_python(self):
        return self.held("python.", "in.", lambda: self.stage.run_python("in.raw", "python.", self.records))

    def run_rsyslog(self):
        return self.stage.run_rsyslog("in.raw", "rsyslog.", self.records)

    def warm(self):
        """The second half of many records: ingest, Streams, ingest."""
        count, found = self.copies * self.records, {"ingest": []}
        for subject in ("ingest", "streams", "ingest"):
            if subject == "ingest":
                found["ingest"].append(self.held("long.", "in.", lambda: self.stage.run_ingest("long.", count), self.copies))
            elif self.stage.has_streams():
                found["streams"] = self.held(
                    "streams.", "in.", lambda: self.stage.run_streams("long.raw", "streams.", count), self.copies)
        return found

    def memory(self):
        """Streams' memory at the smallest heap that costs it no more than a twentieth of its speed."""
        count, rows = min(800000, self.copies * self.records), []
        for heap in (512, *HEAPS):
            figures = self.stage.run_streams("long.raw", "streams.", count, heap)
            rows.append((heap, figures))
            say("  Streams with -Xmx%dm: %s" % (heap, "%.2f us, %.0f MiB" % (figures["half_us"], figures["rss"])
                                              if figures else "did not get through"))
            if not figures or figures["half_us"] > rows[0][1]["half_us"] / 0.95:
                break
        kept = [(heap, figures) for heap, figures in rows
                if figures and figures["half_us"] <= rows[0][1]["half_us"] / 0.95]
        return {"heap": kept[-1][0], "rss": kept[-1][1]["rss"]}

    def run(self, subject):
        return getattr(self, "run_" + subject.replace("-", "_"))()


def once_metrics(warm, memory, rss, start_ms):
    yield metric("memory in catch-up, MiB", rss, 64, 40, "lower")
    yield metric("start to listening, ms", start_ms, 100, 30, "lower")
    if warm is not None:
        ours = statistics.mean(f["half_us"] for f in warm["ingest"])
        yield metric("streams warm over ingest", warm["streams"]["half_us"] / ours if "streams" in warm else None,
                     1.8, 2.0, "higher")
    if memory is not None:
        yield metric("streams' memory over ingest's", memory["rss"] / rss if memory else None, 8.0, 10.0, "higher")


def print_table(played, warm, memory, metrics):
    rows = verdicts.rows_of(played, ORDER)
    if warm:
        rows += [("%s, warm" % s, [f["half_us"], f["half_broker"], f["rss"], f["seconds"]])
                 for s, f in (("ingest", warm["ingest"][0]), ("streams", warm.get("streams"))) if f]
    verdicts.print_rows(rows)
    if memory:
        print("streams keeps 95 %% of its speed down to -Xmx%dm: %.0f MiB" % (memory["heap"], memory["rss"]))
    print()
    verdicts.print_metrics(metrics)


def main(arguments):
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    rounds, records = int(arguments[0]) if arguments else 3, int(arguments[1]) if arguments[1:] else 400000
    wanted = set(arguments[2:]) or set(ORDER) | set(ONCE)
    if wanted - set(ORDER) - set(ONCE):
        sys.exit("bench-ingest: no subject %s" % ", ".join(wanted - set(ORDER) - set(ONCE)))
    wanted |= {"pass-eos", "ingest"}
    lock = alone()
    stage = IngestStage(ROOT / os.environ.get("CITYBRAIN_BIN", "build/release"))
    began = time.monotonic()
    try:
        stage.start()
        wanted -= stage.absent()
        bench = IngestBench(stage, records)
        bench.prepare(wanted)
        say("prepared in %.0f s" % (time.monotonic() - began))
        start_ms = stage.start_to_listening("in.")
        played = verdicts.play(bench, ORDER, rounds, wanted)
        warm = bench.warm() if "warm" in wanted else None
        memory = (bench.memory() if stage.has_streams() else {}) if "memory" in wanted else None
    finally:
        stage.keep_logs()
        stage.stop()
        lock.close()
    rss = max(f["rss"] for f in [f for figures in played for f in figures["ingest"]] + (warm or {}).get("ingest", []))
    metrics = [*verdicts.ratios_of(played, MUSTS, "pass-eos"), *once_metrics(warm, memory, rss, start_ms)]
    print_table(played, warm, memory, metrics)
    kept, missed = verdicts.keep("ingest", metrics)
    print("\n%s\n%d rounds of %d records, %.0f s; %s" % (
        stage.versions(), rounds, records, time.monotonic() - began, kept))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
