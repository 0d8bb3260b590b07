# SPDX-License-Identifier: Apache-2.0
"""Mistakes that people make in a district's files, one at a time. `citybrain check` and the daemon that reads the file say the
same line, with file, line, column, cause and fix, and both end with 78; the daemon before it has connected to anything."""
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = (ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug")).resolve()
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("CITYBRAIN_")}

FRONT = "  - id: emergency_119"
OVERLAP = """  - { id: a, when: { type_code: [R0101, R0102] }, then: { lead: d_market, say: 甲 } }
  - { id: b, when: { type_code: [R0102, R0103] }, then: { lead: d_commerce, say: 乙 } }
"""
SERVED = "  - { id: a, when: { kind: service }, then: { lead: d_market, say: 甲 } }\n"
ASKED = "  - { id: a, when: { kind: [request, service] }, then: { to: desk, desk_cause: fallback, say: 甲 } }\n"
BEGUN = "  - { id: a, when: { kind: serv* }, then: { lead: d_market, say: 甲 } }\n"
HELPED = "  - { id: a, when: { kind: service }, then: { lead: d_market, co: [d_fire], say: 甲 } }\n"

# name: daemon, file, what is right, what somebody writes, where it is seen (its first place in the changed file), cause, fix
MISTAKES = {
    "misspelt key": ("ingest", "feeds/hotline.yaml", "zone: Asia", "zoen: Asia", "zoen", "zoen", "zone"),
    "misspelt key of a rule": ("router", "rules/dispatch.yaml", "type_level: utility, place", "type_levle: utility, place",
                               "type_levle", "type_levle", "type_level"),
    "wrong type": ("router", "kinds/request.yaml", "signed:     { rank: 30,", "signed:     { rank: soon,", "soon",
                   "rank cannot be soon", "a whole number"),
    "list for a word": ("ingest", "feeds/hotline.yaml", "namespace: request:12345", "namespace: [request, 12345]", "[request, 12345]",
                        "namespace must be one value, not a list", "write one value"),
    "overlapping route": ("router", "rules/dispatch.yaml", FRONT, OVERLAP + FRONT, "b, when",
                          "entries a and b both match some orders and name different leads", "take what both name out of one"),
    "unreachable rule": ("router", "rules/dispatch.yaml", "when: { type_level: utility, place: known }",
                         "when: { type_level: city, place: known }", "utility_here\n",
                         "entry utility_here is never come to: city before it", "put it before that one"),
    "hole in the rules": ("router", "rules/dispatch.yaml", "- id: fallback\n", "- id: fallback\n    valid_from: 2026-03-01\n",
                          "fallback\n    valid", "no entry matches", "end with an entry without when:"),
    "unknown unit": ("router", "rules/dispatch.yaml", "lead: d_petition", "lead: d_petitoin", "d_petitoin",
                     'no unit "d_petitoin"; did you mean d_petition', "a code of registries/units.csv"),
    "unknown limit class": ("router", "rules/dispatch.yaml", "class: 7d", "class: 8d", "8d", 'no limit class "8d"', "declare it under classes:"),
    "cycle in a kind": ("aggregator", "kinds/request.yaml", "held:           { rank: 55, by: [desk],           after: [signed, contacted, hold_requested]",
                        "held:           { rank: 55, by: [desk],           after: [resumed]", "[resumed]",
                        "held can never happen: what it comes after waits for it", "name a stage that a case comes to without it"),
    "stage after itself": ("router", "kinds/request.yaml", "reviewed:   { rank: 70, by: [callback],           after: [resolved] }",
                           "reviewed:   { rank: 70, by: [callback],           after: [reviewed] }", "[reviewed] }",
                           "reviewed can come after itself only", "name what comes before it"),
    "bad date": ("ingest", "feeds/hotline.yaml", "2020-01-01T00:00:00", "2020-02-31T00:00:00", "2020-02-31", "2020-02-31", "2026-"),
    "bad day of the calendar": ("aggregator", "registries/calendar.csv", "2026-10-01,holiday", "2026-10-32,holiday",
                                "2026-10-32,holiday", '"2026-10-32" is no date', "write YYYY-MM-DD"),
    "cell that is no date": ("router", "registries/units.csv", "d_market,区市场监管局,department,lead,d_market,,",
                             "d_market,区市场监管局,department,lead,d_market,,31.12.2030", "31.12.2030",
                             "valid_from or valid_to is no date", "write YYYY-MM-DD"),
    "code twice in a registry": ("aggregator", "registries/divisions.csv", "street,110105002,", "street,110105001,", "110105001,110105,朝外",
                                 'code "110105001" has another row on the same day', "end the older row"),
    "cell too few": ("router", "registries/request_types.csv", "R0101,R01,食品安全与餐饮卫生,", "R0101,R01,",
                     "\nR0102", "9 cells, the header has 10", "every column of the header"),
    "quote in the midst of a cell": ("router", "registries/units.csv", "区市场监管局,department", '"区市场"监管局,department', '"监管局',
                                     "a quote that does not go around a cell", 'written ""so""'),
    "cadence that is none": ("router", "registries/stations.csv", ",1d,", ",daily,", "daily", 'cadence cannot be "daily"', "1d"),
    "number of no code": ("aggregator", "codes.csv", "field,7,trigger", "field,7a,trigger", "7a,trigger", "this row is no code",
                          "space,number,code"),
    "code twice": ("ingest", "codes.csv", "field,7,trigger", "field,6,trigger", "6,trigger", 'field 6 "trigger" is there already',
                   "next free number"),
    "sort of day": ("router", "registries/calendar.csv", "2026-10-01,holiday", "2026-10-01,holidya", "holidya",
                    'kind cannot be "holidya"', "year, holiday or workday"),
    "duplicate feed": ("ingest", "feeds/weather.yaml", "feed: weather", "feed: visits", "visits", "feed visits is declared twice",
                       "another id"),
    "duplicate key": ("ingest", "feeds/hotline.yaml", "    zone: Asia/Shanghai\n", "    zone: Asia/Shanghai\n    format: csv\n",
                      "format: csv", "key format appears twice, first in line", "keep one of them"),
    "tab in YAML": ("router", "triggers/cluster.yaml", "cool_down: 7d", "cool_down:\n\t7d", "\t7d", "cannot start any token",
                    "indent by spaces"),
    "anchor": ("aggregator", "views/closure_rate.yaml", "of: { kind: request }", "of: &all { kind: request }", "&all",
               "anchor &all is not allowed", "write the value out"),
    "type outside of the registry": ("ingest", "feeds/chaowoshuo.yaml", "停车: R0501", "停车: R05O1", "R05O1",
                                     'table hints gives the type_code "R05O1", which is no type', "request_types.csv"),
    "unknown field name": ("ingest", "feeds/hotline.yaml", "type_code:      { from: 问题分类 }", "type_cod:       { from: 问题分类 }",
                           "type_cod:", "type_cod is no field that anybody asks for", "did you mean type_code?"),
    "unknown owner": ("ingest", "feeds/hotline.yaml", "owner: desk", "owner: dsek", "dsek", 'no unit "dsek" to own this feed',
                      "a code of registries/units.csv"),
    "file of another name": ("ingest", "feeds/weather.yaml", "feed: weather", "feed: wether", "wether",
                             "feed wether stands in weather.yaml", "name the file after its feed"),
    "unknown column of a registry": ("ingest", "feeds/outage.yaml", "registry: units, by: [code, name]", "registry: units, by: [code, nmae]",
                                     "nmae", "registries/units.csv has no column nmae", "name"),
    "a kept word of a table": ("ingest", "feeds/hotline.yaml", "unknown: other", "unknown: keep", "unknown: keep }  # what the call-taker",
                               "unknown: keep goes with a registry and without split", "a code for what the table has not"),
    "unknown stage": ("ingest", "feeds/hotline.yaml", "stage: resolved", "stage: resolvd", "stage: resolvd",
                      "kind request has no stage resolvd", "a stage of its kind"),
    "unknown charset": ("ingest", "feeds/hotline_csv.yaml", "charset: gb18030", "charset: gb13080", "gb13080", "unknown charset gb13080",
                        "gb18030"),
    "date pattern that reads nothing": ("ingest", "feeds/hotline.yaml", 'date: ["%Y-%m', 'date: ["%Y-%B', '"%Y-%B', "no date can be read by",
                                        "write it as in"),
    "unknown stage of a trigger": ("router", "triggers/cluster.yaml", "stage: opened", "stage: opend", "opend",
                                   'kind request has no stage "opend"; did you mean opened', "use a stage of"),
    "stage without a number": ("router", "kinds/request.yaml", "  overdue:     { rank: 92,", "  zzz: { rank: 91, by: [desk], after: [opened] }\n  overdue:     { rank: 92,",
                               "zzz: {", 'codes.csv has no stage "zzz"', "append stage,501,zzz to codes.csv"),
    "timer without the stage it makes": ("aggregator", "kinds/request.yaml", "  overdue:     { rank: 92, by: [router],            after: [opened, dispatched] }\n",
                                         "", "escalate, to: desk", "timer overdue makes the router say overdue, and there is no such stage in kind request",
                                         "add `overdue: { rank: 92, by: [router], after: [opened] }` to its stages"),
    "timer whose stage is not the router's": ("router", "kinds/request.yaml", "overdue:     { rank: 92, by: [router],", "overdue:     { rank: 92, by: [desk],",
                                              "escalate, to: desk", "timer overdue makes the router say overdue, who may not in kind request",
                                              "add router to the by: of overdue"),
    "timer for nobody": ("router", "kinds/request.yaml", "escalate, to: desk", "escalate, to: d_petitoin", "d_petitoin",
                         'timer overdue is for "d_petitoin", and there is no such unit; did you mean d_petition', "a code of registries/units.csv"),
    "unknown kind of a rule": ("router", "rules/dispatch.yaml", "when: { type_level: utility, place", "when: { kind: requst, type_level: utility, place",
                               "requst", 'kind cannot be "requst"; did you mean request', "use a kind of kinds/"),
    "helper of a kind that has none": ("router", "rules/dispatch.yaml", FRONT, HELPED + FRONT, "[d_fire]",
                                       "entry a makes the router say co_assigned, and there is no such stage in kind service",
                                       "to the stages of kinds/service.yaml, or use copy:"),
    "rule for a kind that is never dispatched": ("router", "rules/dispatch.yaml", FRONT, SERVED + FRONT, "a, when",
                                                 "entry a dispatches kind service, which has no stage dispatched",
                                                 "add `dispatched: { rank: 20, by: [router], after: [opened] }` to the stages of kinds/service.yaml"),
    "desk asked of a kind that is never dispatched": ("router", "rules/dispatch.yaml", FRONT, ASKED + FRONT, "a, when",
                                                      "entry a dispatches kind service, which has no stage dispatched",
                                                      "to the stages of kinds/service.yaml"),
    "rule for a beginning that only kinds never dispatched have": (
        "router", "rules/dispatch.yaml", FRONT, BEGUN + FRONT, "a, when",
        "entry a dispatches kinds serv*, and of none of them the router may say dispatched",
        "add `dispatched: { rank: 20, by: [router], after: [opened] }` to the stages of kinds/service.yaml"),
    "token for no feed": ("ingest", "tokens.csv", "demo-hotline,feed,hotline,", "demo-hotline,feed,weather;hotlien,", "hotlien",
                          "there is no feed of this name", "did you mean hotline? Else name a feed of feeds/"),
    "token for no unit": ("ingest", "tokens.csv", "unit,d_market,", "unit,d_markte,", "d_markte",
                          "there is no unit of this name", "did you mean d_market? Else name a code of registries/units.csv"),
    "token for two units, one of which is none": (
        "ingest", "tokens.csv", "unit,d_market,", "unit,d_market;d_markte,", "d_markte",
        "there is no unit of this name", "did you mean d_market? Else name a code of registries/units.csv"),
    "unknown kind of a trigger": ("router", "triggers/cluster.yaml", "kind: request", "kind: requst", "requst",
                                  'no kind "requst"; did you mean request', "use a kind of kinds/"),
    "sentence with a hole": ("router", "triggers/cluster.yaml", "{community}", "{comunity}", '"{within}', "comunity", "{community}"),
    "unknown field of a view": ("aggregator", "views/on_time.yaml", "when: { in_time: true }", "when: { in_tiem: true }", "in_tiem",
                                "view on_time asks a case for in_tiem, which no case has", "did you mean in_time? Else add it to codes.csv as a field"),
    "group too many": ("aggregator", "views/closure_rate.yaml", "group: [unit, type_code, street_code]",
                       "group: [unit, type_code, street_code, community_code, rule]", "rule]", '"rule" is a fifth group', "leave one out"),
    "group named twice": ("aggregator", "views/closure_rate.yaml", "group: [unit, type_code", "group: [unit, unit", "unit, street",
                          '"unit" groups already', "name it once"),
    "unknown bucket": ("aggregator", "views/closure_rate.yaml", "buckets: [day, noon_day", "buckets: [day, week", "week",
                       '"week" is not known here', "one of "),
    "unknown count of a view": ("aggregator", "views/closure_rate.yaml", "[closed, opened]", "[closd, opened]", "closd",
                                '"closd" is no count', "name a count that stands above it"),
    "setting of no unit": ("ingest", "ingest.yaml", "tick_every: 30s", "tick_every: 30x", "30x", "tick_every cannot be", "30s"),
    "unknown section of settings": ("aggregator", "aggregator.yaml", "daemon:", "demon:", "demon", "demon", "daemon"),
}


@pytest.fixture
def listener():
    """Where the broker and the database would be; whoever connects is known."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def place_of(path, mark):
    before = path.read_text().split(mark)[0]
    assert mark in path.read_text()
    return f"{path}:{before.count(chr(10)) + 1}:{len(before.rpartition(chr(10))[2]) + 1}:"


def command(daemon, config, key, address):
    """As a supervisor starts it, not by --check."""
    words = [PROGRAMS / f"citybrain-{daemon}", "--config", config / f"{daemon}.yaml"]
    sets = {"bundle.config_dir": config, "kafka.brokers": address, "kafka.note_dir": key.parent, "daemon.admin": "127.0.0.1:0"}
    if daemon == "ingest":
        sets |= {"ingest.listen": "127.0.0.1:0", "ingest.tokens": config / "tokens.csv", "ingest.insecure_bearer": "true",
                 "ingest.pseudonym_key": key}
    if daemon == "aggregator":
        host, port = address.split(":")
        sets |= {"aggregator.api": "127.0.0.1:0", "aggregator.postgres": f"host={host} port={port} dbname=x user=x"}
    for name, value in sets.items():
        words += ["--set", f"{name}={value}"]
    return list(map(str, words))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_stops_check_and_daemon_alike(name, tmp_path, listener):
    daemon, file, right, wrong, mark, cause, fix = MISTAKES[name]
    config, key = Path(shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("cases"))), tmp_path / "key"
    key.write_text("1234567890123456\n")
    text = (config / file).read_text()
    assert right in text
    (config / file).write_text(text.replace(right, wrong, 1))
    said_alike(daemon, config, key, listener, place_of(config / file, mark), cause, fix)


def said_alike(daemon, config, key, listener, place, cause, fix, more=()):
    """By check and by the daemon, which has connected to nothing; returns all that was said."""
    checked = subprocess.run([PROGRAMS / "citybrain", "check", "--config", config, "--on", "2026-06-01"], cwd=ROOT, env=ENVIRONMENT,
                             capture_output=True, text=True, timeout=60)
    found = [line for line in checked.stdout.splitlines() if line.startswith(place + " error: ")]
    assert checked.returncode == 78 and found, checked.stdout
    said, _, mended = found[0].removeprefix(place + " error: ").partition("; fix: ")
    assert cause in said and fix in mended

    words = command(daemon, config, key, "127.0.0.1:%d" % listener.getsockname()[1])
    started = subprocess.run([*words, *more], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert started.returncode == 78 and found[0] in started.stderr.splitlines(), started.stderr
    with pytest.raises(BlockingIOError):
        listener.accept()
    return checked.stdout + checked.stderr + started.stdout + started.stderr


@pytest.fixture
def own(tmp_path):
    """A configuration of one's own, and a file with the key of pseudonyms."""
    config, key = Path(shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("cases"))), tmp_path / "key"
    key.write_text("1234567890123456\n")
    return config, key


@pytest.mark.parametrize("row, mark, cause, fix", [
    ("feed,hotline;weathr,source", "weathr", "there is no feed of this name", "did you mean weather? Else name a feed of feeds/"),
    ("unit,s11010500l,lead", "s11010500l", "there is no unit of this name", "did you mean s110105001?")])
def test_a_key_for_what_is_not_there_is_never_told(row, mark, cause, fix, own, tmp_path, listener):
    config, key = own
    keys, secret = tmp_path / "keys.csv", "5ec2e7" * 10 + "abcd"
    keys.write_text(f"station,key,kind,names,party,secret\nst001,k1,feed,hotline,source,{secret}\nst002,k1,{row},{secret}\n")
    keys.chmod(0o600)
    text = (config / "ingest.yaml").read_text()
    (config / "ingest.yaml").write_text(text.replace('keys: ""', f"keys: {keys}", 1))
    assert secret not in said_alike("ingest", config, key, listener, place_of(keys, mark), cause, fix)


def test_a_token_in_the_place_of_a_name_is_not_told(own, listener):
    """By the read API neither, to which a feed's means nothing: a unit's does."""
    config, key = own
    secret = "5ec2e7" * 6
    with open(config / "tokens.csv", "a", encoding="utf-8") as file:
        file.write(f"demo-swapped,unit,{secret},lead\n")
    place, cause = place_of(config / "tokens.csv", secret), "there is no unit of this name"
    for daemon, more in (("ingest", ()), ("aggregator", ("--set", f"aggregator.tokens={config / 'tokens.csv'}"))):
        assert secret not in said_alike(daemon, config, key, listener, place, cause, "name a code of registries/units.csv", more)


@pytest.mark.parametrize("code, cause", [("all", "the role dash_all is of those who read everything"), ('"d,x"', "a comma stands between codes")])
def test_a_unit_that_no_role_can_be_called_by(code, cause, own, listener):
    config, key = own
    units = config / "registries/units.csv"
    text = units.read_text().replace("c_120,急救机构", f"{code},急救机构", 1)
    units.write_text(text)
    place = f"{units}:{text.splitlines().index(next(line for line in text.splitlines() if line.startswith(code + ','))) + 1}:{1 + code.startswith(chr(34))}:"
    said_alike("aggregator", config, key, listener, place, cause, "give the unit another code")


MEASURED = {
    "count": "measures:\n  opened: { count: opened }\n",
    "ratio": "measures:\n  opened: { count: opened }\n  share: { ratio: [opened, opened] }\n",
    "duration": "measures:\n  opened: { duration: { from: opened, to: closure } }\n",
    "formula": "measures:\n  opened: { count: opened }\n"
               "  score: { over: opened, versions: [{ valid_from: 2026-01-01, weights: { opened: 1 } }] }\n",
    "stock": "stock:\n  opened: { from: opened, to: closure }\n"}


def view_by(config, word, measured):
    """A field of that name, and a view by it; where the view says so."""
    with open(config / "codes.csv", "a", encoding="utf-8") as file:
        file.write(f"field,8,{word}\n")
    view = config / "views/mine.yaml"
    view.write_text(f"view: mine\nof: {{ kind: request }}\ngroup: [unit, {word}]\n{MEASURED[measured]}")
    return view


@pytest.mark.parametrize("word, measured", [
    *((word, "count") for word in ("n", "one", "day", "shard", "is_excluded", "scope", "order", "xmin")),
    *((word, "stock") for word in ("since", "until", "now")), *((word, "formula") for word in ("first_day", "last_day")),
    *((word, "duration") for word in ("bins", "measure", "bin"))])
def test_a_view_by_a_name_that_its_tables_have_already(word, measured, own, listener):
    config, key = own
    view = view_by(config, word, measured)
    why = "it is a word of SQL" if word == "order" else "the view's rows have a column of that name"
    said_alike("aggregator", config, key, listener, place_of(view, f"{word}]"), f'rows cannot be made by "{word}": {why}',
               "give the field another name, in codes.csv")


@pytest.mark.parametrize("word, measured", [("opened_n", "count"), ("opened_n", "stock"), ("opened_ms", "duration")])
def test_a_view_by_a_name_that_its_cells_give_a_measure(word, measured, own, listener):
    config, key = own
    view = view_by(config, word, measured)
    said_alike("aggregator", config, key, listener, place_of(view, "opened: {"), f'cells have a column "{word}" of their own', "another name")


@pytest.mark.parametrize("word, measured", [
    *((word, "count") for word in ("since", "until", "now", "first_day", "last_day", "bins", "measure", "bin", "opened_ms")),
    ("bin", "stock"), ("first_day", "stock"), ("opened_ms", "stock"), ("until", "duration"), ("last_day", "ratio"), ("now", "formula"),
    ("share_n", "ratio"), ("share_ms", "ratio"), ("score_n", "formula")])
def test_a_name_that_only_other_views_have_is_no_mistake(word, measured, own):
    config, _ = own
    view_by(config, word, measured)
    checked = run_check(config)
    assert "views/mine.yaml" not in checked.stdout and checked.returncode == 0, checked.stdout


def test_a_beginning_that_one_dispatched_kind_has_is_no_mistake(own):
    """The others lie beside it: docs/decisions/0396."""
    config, _ = own
    rules = config / "rules/dispatch.yaml"
    rules.write_text(rules.read_text().replace(FRONT, BEGUN.replace("serv*", "pro*") + FRONT, 1))
    checked = run_check(config)
    assert "entry a dispatches" not in checked.stdout, checked.stdout


def test_twenty_are_planted_and_every_daemon_has_some():
    assert len(MISTAKES) >= 20 and {one[0] for one in MISTAKES.values()} == {"ingest", "router", "aggregator"}


@pytest.mark.parametrize("daemon", ["ingest", "router", "aggregator"])
def test_the_listener_hears_who_connects(daemon, tmp_path, listener):
    """Without a mistake the daemon does connect: the silence above is its own."""
    config, key = Path(shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("cases"))), tmp_path / "key"
    key.write_text("1234567890123456\n")
    listener.settimeout(60)
    with subprocess.Popen(command(daemon, config, key, "127.0.0.1:%d" % listener.getsockname()[1]), cwd=ROOT, env=ENVIRONMENT,
                          stderr=subprocess.DEVNULL) as process:
        try:
            listener.accept()[0].close()
        finally:
            process.kill()


# daemon, file: what a spreadsheet wrote as GBK; a table of codes and tokens are made for it
GBK = [("router", "registries/divisions.csv"), ("aggregator", "registries/units.csv"), ("aggregator", "registries/request_types.csv"),
       ("router", "registries/stations.csv"), ("router", "registries/service_items.csv"), ("aggregator", "registries/calendar.csv"), ("router", "codes.csv"), ("ingest", "codes.csv"),
       ("ingest", "feeds/words/threat.txt"), ("ingest", "feeds/tables/hints.csv"), ("ingest", "tokens.csv"), (None, "registries/fields.csv")]


@pytest.mark.parametrize("daemon, file", GBK)
def test_a_table_that_is_not_utf_8_stops_check_and_daemon_alike(daemon, file, tmp_path, listener):
    config, key = Path(shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("cases"))), tmp_path / "key"
    key.write_text("1234567890123456\n")
    path = config / file
    if "tables" in file:
        feed = (config / "feeds/chaowoshuo.yaml").read_text()
        begin = feed.index("\n      hints:") + 1
        end = feed.index("\n", feed.index("}", begin)) + 1
        (config / "feeds/chaowoshuo.yaml").write_text(feed[:begin] + "      hints: tables/hints.csv\n" + feed[end:])
        path.parent.mkdir()
        path.write_text("from,to\n停车,R0501\n")
    if "fields" in file:
        path.write_text("code,name,name_en\ntrigger,触发器,Trigger\n")
    text = path.read_text()
    if text.isascii():
        text += "# 备注\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())  # as a spreadsheet saves CSV UTF-8
    checked = run_check(config)
    assert " error: " not in checked.stdout, checked.stdout
    path.write_bytes(text.encode("gb18030"))
    with pytest.raises(UnicodeDecodeError) as wrong:
        path.read_bytes().decode()
    before = path.read_bytes()[:wrong.value.start].decode()
    place = f"{path}:{before.count(chr(10)) + 1}:{len(before.rpartition(chr(10))[2]) + 1}:"

    if file != "tokens.csv":  # check reads no tokens
        checked = run_check(config)
        found = [line for line in checked.stdout.splitlines() if line.startswith(place + " error: byte 0x")]
        assert checked.returncode == 78 and found, checked.stdout
        assert "is no UTF-8" in found[0] and found[0].endswith("; fix: save the file as UTF-8 (Excel: CSV UTF-8)")
    if daemon:
        started = subprocess.run(command(daemon, config, key, "127.0.0.1:%d" % listener.getsockname()[1]), cwd=ROOT, env=ENVIRONMENT,
                                 capture_output=True, text=True, timeout=60)
        said = [line for line in started.stderr.splitlines() if line.startswith(place + " error: byte 0x")]
        assert started.returncode == 78 and said, started.stderr
        with pytest.raises(BlockingIOError):
            listener.accept()


def run_check(config):
    return subprocess.run([PROGRAMS / "citybrain", "check", "--config", config, "--on", "2026-06-01"], cwd=ROOT, env=ENVIRONMENT,
                          capture_output=True, text=True, timeout=60)
