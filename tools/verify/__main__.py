# SPDX-License-Identifier: Apache-2.0
"""citybrain verify: recomputes the sets from the log and the cells from the sets, by other code than the
daemons', and says what differs. Everything stored is read in one snapshot of PostgreSQL; the log is read up
to the positions of that snapshot. Writes nothing but the session's own temporary tables, and its note where one is asked for."""
import argparse
import contextlib
import errno
import json
import os
import sys
import threading
import time
import traceback

import psycopg2
import psycopg2.extras
import yaml

import cells
import lock_holders
from event_log import EventLog, Unreachable
from feeds import Feeds
from observations import Observations
from rules import Rules, days_of, zone_minutes
from sets import Sets

OK, DIFFERS, USAGE, UNAVAILABLE, INTERNAL, CONFIG = 0, 1, 64, 69, 70, 78
SHOWN = 20
QUIET_S = 30


class Refused(Exception):
    """(exit status, text)"""


class Arguments(argparse.ArgumentParser):
    def error(self, message):
        print(f"citybrain verify: {message}\nsee: citybrain verify --help", file=sys.stderr)
        sys.exit(USAGE)


def read_arguments(words):
    parser = Arguments(add_help=False, allow_abbrev=False)
    for flag in ("--cases", "--cells", "--from-log", "--json"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--config", default=os.environ.get("CITYBRAIN_CONFIG", "config"))
    parser.add_argument("--note")
    parser.add_argument("--show", type=int, default=SHOWN)
    asked = parser.parse_args(words)
    if asked.show < 0:
        parser.error("--show is a number of differences")
    if asked.note and asked.cases != asked.cells:
        parser.error("--note is of a whole recount: of --cases and --cells")
    if not asked.cases and not asked.cells:
        asked.cases = asked.cells = True
    if asked.from_log and not asked.cells:
        parser.error("--from-log says where --cells take the sets from")
    return asked


class Progress:
    """A line that is drawn each second on a terminal; elsewhere one at each quarter, and each half minute without one:
    a single statement may take longer than that."""
    def __init__(self, what, total):
        self.what, self.total, self.done, self.doing, self.quarter = what, total, 0, "", 0
        self.began = self.shown = time.monotonic()
        self.drawn, self.ended = sys.stderr.isatty(), threading.Event()
        self.pulse = threading.Thread(target=self.beat, daemon=True)
        self.pulse.start()

    def beat(self):
        while not self.ended.wait(1):
            if self.drawn or time.monotonic() - self.shown >= QUIET_S:
                self.show()

    def show(self):
        self.shown = time.monotonic()
        text = f"{self.what} {self.done}/{self.total}{self.doing} {self.shown - self.began:.0f} s"
        print(f"\r{text}\033[K" if self.drawn else text, end="" if self.drawn else "\n", file=sys.stderr, flush=True)

    def at(self, doing):
        self.doing = f" {doing}"
        if self.drawn:
            self.show()

    def add(self, n):
        self.done += n
        quarter = self.done * 4 // max(1, self.total)
        if self.drawn and time.monotonic() - self.shown > 0.2 or not self.drawn and quarter > self.quarter:
            self.quarter = quarter
            self.show()

    def stop(self):
        self.ended.set()
        self.pulse.join()

    def __enter__(self):
        return self

    def __exit__(self, *fault):
        self.stop()
        if fault[0] and self.drawn:
            print(file=sys.stderr)

    def end(self, note):
        self.stop()
        start, rest = ("\r", "\033[K") if self.drawn else ("", "")
        print(f"{start}{self.what}: {note} in {time.monotonic() - self.began:.1f} s{rest}", file=sys.stderr)


def load(asked):
    """(rules, aggregator's settings as far as they matter here)"""
    try:
        with open(os.path.join(asked.config, "aggregator.yaml"), encoding="utf-8") as file:
            settings = yaml.load(file, Loader=yaml.BaseLoader)
        kafka, aggregator = settings.get("kafka", {}), settings.get("aggregator", {})
        return Rules(asked.config), {
            "brokers": os.environ.get("CITYBRAIN_BROKERS") or kafka.get("brokers", "127.0.0.1:29092"),
            "postgres": os.environ.get("CITYBRAIN_PG") or aggregator.get("postgres", "dbname=citybrain user=citybrain"),
            "topic": kafka.get("prefix", "cb.") + "events", "rdkafka": settings.get("rdkafka", {}),
            "keep_days": days_of(aggregator.get("keep_observations", "400d")),
            "zone": zone_minutes(aggregator.get("zone", "Asia/Shanghai"))}
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise Refused(CONFIG, f"{asked.config}: {error!r}; see what `citybrain check` says of it") from None


def positions(cursor, topic):
    cursor.execute("SELECT part, next_offset FROM core.kafka_offset WHERE topic = %s", (topic,))
    return {part: offset for part, offset in cursor.fetchall() if offset >= 0}


def stored_sets(cursor):
    def look_up(ids):
        cursor.execute("SELECT case_id, kind, lines FROM core.case_set WHERE case_id = ANY(%s)", (ids,))
        return {case_id: (kind, lines) for case_id, kind, lines in cursor}
    return look_up


def keep(cursor, cases, rules):
    psycopg2.extras.execute_values(cursor, "INSERT INTO verify_set VALUES %s",
                                   [(case_id, case_id.partition(":")[0], case.text(rules)) for case_id, case in cases],
                                   page_size=1000)


def verify_sets(cursor, rules, settings, asked):
    observations, feeds = Observations(settings["zone"], asked.show), Feeds(settings["zone"], asked.show)
    found = Sets(rules, asked.show, observations, feeds)
    ends = positions(cursor, settings["topic"])
    with contextlib.closing(EventLog(settings["brokers"], settings["topic"], settings["rdkafka"])) as log:
        partitions = log.partitions()
        marks = {part: log.watermarks(part) for part in ends if part in partitions}
        cut = {part for part, (low, _) in marks.items() if low > 0}
        with Progress("log -> sets", sum(max(0, ends[p] - low) for p, (low, _) in marks.items())) as progress:
            for part, end in sorted(ends.items()):
                low, high = marks.get(part, (0, 0))
                if end > high or low > end:
                    found.find("cut_off", f"{settings['topic']}/{part}", f"the log holds {low} to {high}", f"position {end}")
                cases = {}
                for messages in log.records(part, low, min(end, high)):
                    found.take(messages, part, len(partitions), cases)
                    progress.add(len(messages))
                progress.at(f"comparing the cases of partition {part}")
                built = list(found.compare(cases, stored_sets(cursor), part not in cut))
                if asked.from_log and built:
                    keep(cursor, built, rules)
            progress.end(f"{found.events} events, {found.cases} cases")
    cursor.execute("SELECT case_id FROM core.case_set")
    found.look_for_extra(cursor, len(partitions), cut)
    if asked.from_log and cut:
        raise Refused(UNAVAILABLE, f"--from-log: the beginning of {len(cut)} of {len(partitions)} partitions is gone "
                                   "from the log (retention); leave --from-log out to take the stored sets")
    observations.compare(cursor, settings["keep_days"], cut)
    feeds.compare(cursor, cut)
    return found, sorted(cut)


def refuse_swapped(cursor, rules):
    if cells.have_changed_places(cursor, rules):
        raise Refused(UNAVAILABLE, "the cells changed places (views apply, rebuild) while they were recounted, and nothing can be said of "
                                   "them; fix: ask again when that is done")


def verify_cells(cursor, rules, settings, asked):
    views = []
    with Progress("sets -> cells", 1 + len(rules.views)) as progress:
        progress.at("folding the sets")
        count, unreadable = cells.fold(cursor)
        for view in rules.views:
            progress.add(1)
            progress.at(view.name)
            refuse_swapped(cursor, rules)
            views.append(cells.verify_view(cursor, view, rules, settings["zone"], asked.show))
        progress.at("core.case_now")
        refuse_swapped(cursor, rules)
        days, leads = cells.verify_days(cursor, asked.show), cells.verify_leads(cursor, asked.show)
        progress.end(f"{count} sets, {sum(view['cells'] + view['bins'] for view in views)} cells and bins")
    return {"sets": count, "unreadable": [{"case": case, "lines": lines} for case, lines in unreadable], "views": views,
            "days": days, "leads": leads}


def run(asked):
    rules, settings = load(asked)
    try:
        return recount(rules, settings, asked)
    except psycopg2.errors.LockNotAvailable as error:
        raise Refused(UNAVAILABLE, f"PostgreSQL: {str(error).splitlines()[0]}\n{lock_holders.say(settings['postgres'])}") from None


def recount(rules, settings, asked):
    connection = psycopg2.connect(settings["postgres"], application_name="citybrain-verify", connect_timeout=15)
    with contextlib.closing(connection), connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SET lock_timeout = '5s'")  # a recount is long by right, waiting for a lock is not
        cursor.execute("SELECT to_regclass('core.case_set') IS NULL")
        if cursor.fetchone()[0]:
            raise Refused(UNAVAILABLE, "the database holds no sets yet: no aggregator has run on it")
        cells.prepare(cursor, rules, asked.from_log)
        connection.autocommit = False
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        report = {}
        if asked.cases or asked.from_log:
            found, cut = verify_sets(cursor, rules, settings, asked)
            report["cases"] = report_of_sets(found, cut)
            report["observations"] = found.observations.report()
            report["feeds"] = found.feeds.report()
        if asked.cells:
            report["cells"] = verify_cells(cursor, rules, settings, asked)
    report["differences"] = count_differences(report)
    return report


def report_of_sets(found, cut):
    return {"events": found.events, "unusable": found.unusable, "cases": found.cases, "stored": found.stored,
            "refused_lines": found.refused, "other_form": found.other_form, "cut_partitions": cut,
            "older_than_the_log": found.older, **found.counts, "first": found.first}


def count_differences(report):
    sets, more, rows, feeds = (report.get(part, {}) for part in ("cases", "cells", "observations", "feeds"))
    return sum(sets.get(kind, 0) for kind in Sets.KINDS) + sum(rows.get(kind, 0) for kind in Observations.KINDS) \
        + sum(feeds.get(kind, 0) for kind in Feeds.KINDS) + len(more.get("unreadable", [])) \
        + sum(view["differences"] for view in more.get("views", [])) \
        + sum(more.get(part, {}).get("differences", 0) for part in ("days", "leads"))


def make_room_for_note(path):
    """Before the recount: what cannot be left would be found out behind it."""
    folder = os.path.dirname(path) or "."
    try:
        os.makedirs(folder, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise Refused(CONFIG, f"--note {path}: {error.strerror}; fix: name a file in a folder we may write") from None


def leave_note(path, began_s, differences):
    """Renamed into its place: whoever reads it finds the whole of it."""
    try:
        with open(path + ".new", "w", encoding="utf-8") as out:
            json.dump({"at_ms": int(began_s * 1000), "differences": differences}, out)
        os.replace(path + ".new", path)
    except OSError as error:
        raise Refused(CONFIG, f"--note {path}: {error.strerror}; fix: name a file in a folder we may write") from None


def show_sets(sets):
    print(f"log -> sets     {sets['events']} events, {sets['cases']} cases in the log, {sets['stored']} stored: "
          f"{sets['missing']} missing, {sets['extra']} extra, {sets['different']} different")
    if sets["unusable"] or sets["refused_lines"]:
        print(f"                {sets['unusable']} events that no case can hold, {sets['refused_lines']} lines beyond "
              "a set's limits")
    if sets["cut_partitions"]:
        print(f"                the beginning of partitions {sets['cut_partitions']} is gone from the log: compared as "
              f"far as it goes, {sets['older_than_the_log']} cases are older")
    for one in sets["first"]:
        print(f"  {one['what']}  {one['case']}")
        for side in ("log", "stored"):
            if one[side] is not None:
                print(f"    {side}:", *one[side].split("\n"), sep="\n      ")


def show_observations(rows):
    print(f"log -> rows     {rows['observations']} observations in the log, {rows['stored']} stored: {rows['missing']} missing, "
          f"{rows['extra']} extra, {rows['different']} different")
    for one in rows["first"]:
        print(f"  {one['what']}  {one['day']} {one['id']}")
        for side in ("log", "stored"):
            print(f"    {side}:", json.dumps(one[side], ensure_ascii=False))


def show_feeds(rows):
    print(f"log -> feeds    {rows['rows']} sums of refused rows and feeds heard in the log, {rows['stored']} stored: {rows['missing']} missing, "
          f"{rows['extra']} extra, {rows['different']} different")
    for one in rows["first"]:
        print(f"  {one['what']}  {one['table']} {one['key']}: by the log {one['log']}, stored {one['stored']}")


def show_cells(found):
    print(f"sets -> cells   {found['sets']} sets, {len(found['unreadable'])} with lines that cannot be read")
    for one in found["unreadable"][:SHOWN]:
        print(f"  unreadable  {one['case']}: {one['lines']} lines")
    print(f"  {'view':24} {'cells':>9} {'bins':>9} {'differences':>12}")
    for view in found["views"]:
        print(f"  {view['view']:24} {view['cells']:>9} {view['bins']:>9} {view['differences']:>12}")
    print(f"sets -> rows    {found['days']['cases']} cases that were reopened or whose dispute was upheld: "
          f"{found['days']['differences']} whose days differ")
    print(f"sets -> leads   {found['leads']['cases']} cases that somebody leads: "
          f"{found['leads']['differences']} sets and rows that name another lead")
    for part in (*found["views"], found["days"], found["leads"]):
        for one in part["first"]:
            print(f"  {one['table']}", *(f"{k}={v}" for k, v in one["key"].items()))
            print("    by the sets:", json.dumps(one["sets"]), " stored:", json.dumps(one["stored"]))


def main(words):
    asked = read_arguments(words)
    began_s = time.time()
    try:
        if asked.note:
            make_room_for_note(asked.note)
        report = run(asked)
        if asked.note:
            leave_note(asked.note, began_s, report["differences"])
    except Refused as refused:
        print(f"citybrain verify: {refused.args[1]}", file=sys.stderr)
        return refused.args[0]
    except Unreachable as error:
        print(f"citybrain verify: {error}\nfix: start the brokers, or name others by $CITYBRAIN_BROKERS", file=sys.stderr)
        return UNAVAILABLE
    except psycopg2.OperationalError as error:
        print(f"citybrain verify: PostgreSQL does not answer: {str(error).strip()}\n"
              "fix: start it, or name another by $CITYBRAIN_PG", file=sys.stderr)
        return UNAVAILABLE
    except psycopg2.errors.UndefinedTable as error:
        print(f"citybrain verify: {str(error).splitlines()[0]}; the aggregator makes the tables of config/views when "
              "it starts", file=sys.stderr)
        return UNAVAILABLE
    if asked.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        if "cases" in report:
            show_sets(report["cases"])
            show_observations(report["observations"])
            show_feeds(report["feeds"])
        if "cells" in report:
            show_cells(report["cells"])
        print(f"{report['differences']} differences")
    return DIFFERS if report["differences"] else OK


if __name__ == "__main__":
    try:
        status = main(sys.argv[1:])
    except Exception:  # a fault of ours must not look like a difference
        traceback.print_exc()
        status = INTERNAL
    sys.exit(status)
