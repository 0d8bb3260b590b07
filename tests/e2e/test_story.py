# SPDX-License-Identifier: Apache-2.0
"""From Friday to Monday (docs/runbooks/mapping-fault.md): a code table is wrong for two days among good records. Found,
mended and tested, replayed through the three daemons, killed half-way, and gone on with: nobody is dispatched twice,
nobody is forgotten, what was right is not touched, and the views are those of a run that never broke.
STORY=10000 is the whole of it, on a district of its own whose days are moved by hand (`make story`)."""
import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from district import NDJSON, ROOT, District, lay_over, until
from test_path import order

sys.path.insert(0, str(ROOT / "tests" / "support"))
from contracts import check_all  # noqa: E402 the folder is no package

HERE = Path(__file__).resolve().parent
CHINA = datetime.timezone(datetime.timedelta(hours=8))
STREET, COMMUNITY, LEAD, OTHER = "110105001", "110105001905", "s110105001", "d_market"
WHO, WHY = "王五", "映射第2版码表有误:不识“建议”,无照经营误作食品安全"
WHOLE = int(os.environ.get("STORY", "0"))
GOOD = WHOLE or 300
REJECTED, WRONG, RENAMED = max(GOOD * 3 // 100, 12), max(GOOD * 2 // 100, 8), 6
DAYS = ("2026-03-06T10:00", "2026-03-07T10:00") if WHOLE else (None,)  # None: the clock is the host's
MONDAY = "2026-03-09T09:00" if WHOLE else None
VERSION_3 = """  - version: 3
    valid_from: {since}
    format: ndjson
    zone: Asia/Shanghai
    namespace: request:story
    number: number
    tables:
"""


def ms(when):
    return int(datetime.datetime.fromisoformat(f"{when}+08:00").timestamp() * 1000)


@pytest.fixture(scope="module")
def own(request):
    """The district of all, or for the whole story one with a clock of its own."""
    if not WHOLE:
        yield request.getfixturevalue("district")
        return
    binaries = Path(os.environ.get("CITYBRAIN_BIN", "build/debug"))
    district = District(binaries if binaries.is_absolute() else ROOT / binaries, HERE / "story", clock_ms=ms(DAYS[0]))
    try:
        district.start()
        yield district
    except BaseException:
        district.show_logs()
        raise
    finally:
        left = district.stop()
    assert left == [], f"processes were left over: {left}"


def case(number):
    return f"request:story:{number}"


def records_of(day, clock):
    """What the feed sends on one of the days: good, not known to version 2, taken by it for another unit's business, and
    for another business of the same unit."""
    at = datetime.datetime.fromtimestamp(clock / 1000, CHINA) - datetime.timedelta(minutes=20)
    said = {"at": at.strftime("%Y-%m-%d %H:%M:%S"), "community": COMMUNITY, "street": STREET}
    closed = (at + datetime.timedelta(minutes=5)).strftime("%Y-%m-%d %H:%M:%S")
    share = len(DAYS)
    good = [{**said, "number": f"G{day}-{n}", "kind": "投诉", "type": "漏雨", **({"closed": closed} if n % 10 else {})}
            for n in range(GOOD // share)]
    rejected = [{**said, "number": f"R{day}-{n}", "kind": "建议", "type": "业委会"} for n in range(REJECTED // share)]
    wrong = [{**said, "number": f"W{day}-{n}", "kind": "求助", "type": "无照经营"} for n in range(WRONG // share)]
    mixed = [{**said, "number": f"N{day}-{n}", "kind": "投诉", "type": "物业收费"} for n in range(RENAMED // share)]
    for n, one in enumerate(good):
        mixed.append(one)
        mixed += rejected[n * len(rejected) // len(good):(n + 1) * len(rejected) // len(good)]
        mixed += wrong[n * len(wrong) // len(good):(n + 1) * len(wrong) // len(good)]
    return mixed


def send(district, items):
    verdicts = Counter()
    for at in range(0, len(items), 500):
        status, body = district.post("story", items[at:at + 500])
        assert status // 100 == 2, body[:300]
        verdicts.update({k: json.loads(body)[k] for k in ("accepted", "rejected")})
    return verdicts


def events(district, positions=None):
    """By case, in their order, what is said of the feed's cases."""
    said = {}
    for message in district.records("cb.events", positions):
        if (message.key() or b"").startswith(b"request:story:"):
            said.setdefault(message.key().decode(), []).append(json.loads(message.value()))
    return said


def orders(district, unit, kind):
    read = (json.loads(m.value()) for m in district.records(f"cb.dispatch.{unit}") if m.value())
    return Counter(one["case"] for one in read if one["kind"] == kind and one["case"].startswith("request:story:"))


def asked(district):
    return {one["case"] for one in json.loads(district.citybrain("desk", "ls", "--json", "--config", district.config).stdout)
            if one["desk_cause"] == "would_have" and one["case"].startswith("request:story:")}


def sets(district):
    return dict(district.sql("SELECT case_id, lines FROM core.case_set WHERE case_id LIKE 'request:story:%%'"))


def mend(config, since):
    """Version 3: version 1's tables, in force from now on."""
    path = config / "feeds/story.yaml"
    text = path.read_text()
    first, second = text.index("  - version: 1"), text.index("  - version: 2")
    tables = text[first:second].partition("    tables:\n")[2]
    path.write_text(text + VERSION_3.format(since=since) + tables)


def add_golden_case(district, config):
    """The record that was rejected, as it should have been read."""
    folder = config / "feeds/cases/story/mended"
    folder.mkdir(parents=True)
    (folder / "input.ndjson").write_text(json.dumps(
        {"number": "1", "at": "2026-03-06 09:00:00", "kind": "建议", "type": "无照经营", "community": COMMUNITY,
         "street": STREET}, ensure_ascii=False) + "\n")
    (folder / "expected.jsonl").write_text(json.dumps({"event": {
        "type": "cn.citybrain.case.opened.v1", "subject": case("1"), "data": {
            "request_kind": "suggestion", "type_code": "R0105", "community_code": COMMUNITY, "street_code": STREET}}}) + "\n")
    if not WHOLE:  # the version of that day
        (folder / "case.yaml").write_text("received: 2099-01-01T00:00:00Z\n")
    done = district.citybrain("test", folder, "--config", config)
    assert done.stdout.startswith("1..1\nok 1") or "\nok 1" in "\n" + done.stdout, done.stdout


def replay(district, *words, check=True, **how):
    return district.citybrain("replay", "--feed", "story", "--dispatch-missing", "--config", district.config, *words,
                              check=check, **how)


def killed_half_way(district, words, total):
    """SIGKILL when about half of the copies are on raw. Returns how many were committed."""
    begun = district.ends("cb.raw")
    command = [district.binaries / "citybrain", "replay", "--feed", "story", "--dispatch-missing", "--config",
               district.config, *words, "--rate", str(max(total // 40, 1))]
    with open(district.run / "replay.log", "wb") as log:
        process = subprocess.Popen([str(w) for w in command], env=district.environment, cwd=ROOT, stdout=log, stderr=log)
        try:
            def offsets():  # of copies, and of markers, no more than those; asked for because reading takes seconds meanwhile
                assert process.poll() is None, "it ended before it was killed"
                return sum(end - begun[part] for part, end in district.ends("cb.raw").items())
            until(lambda: offsets() >= total // 2, "a quarter is copied", 60, 0.2)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    time.sleep(0.2)
    done = len([m for m in district.records("cb.raw", begun) if b'"feed":"story"' in dict(m.headers())["cb"]])
    assert total // 4 <= done < total, done
    return begun, done


def never_broken(district, tmp_path, batches):
    """The views of the same records by the three cores in one process, under the right tables from the beginning."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    lay_over(HERE / "story", config)
    path = config / "feeds/story.yaml"
    path.write_text(path.read_text()[:path.read_text().index("  - version: 2")])
    rows = {}
    for n, (clock, items) in enumerate(batches):
        (tmp_path / f"{n}.ndjson").write_text("".join(json.dumps(i, ensure_ascii=False) + "\n" for i in items))
        when = datetime.datetime.fromtimestamp(clock / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds")
        for view, by in VIEWS.items():
            report = json.loads(district.citybrain(
                "try", tmp_path / f"{n}.ndjson", "--feed", "story", "--clock", when, "--config", config, "--json",
                "--view", view, "--by", by).stdout)
            for row in report["views"][view]:
                key = (view, *(row[c] for c in by.split(",")))
                assert key not in rows, key
                rows[key] = row
    return rows


VIEWS = {"closure_rate": "unit,type_code,street_code,day", "response_time": "unit,type_code,street_code,day",
         "matters": "street_code,type_code,day"}


def counted(district, before):
    """The views now, less what was there before the story: whole rows where nothing was."""
    rows = {}
    for view, by in VIEWS.items():
        for row in district.view(view, by=by):
            key = (view, *(row[c] for c in by.split(",")))
            rows[key] = {c: v - before.get(key, {}).get(c, 0) if isinstance(v, int) and c not in by.split(",") else v
                         for c, v in row.items()}
    return rows


def is_count(name):
    return name in ("opened", "closed", "closed_in", "orders", "matters", "doubles") or name.endswith("_n")


def is_counted_alike(key, name):
    """Who was dispatched to somebody else first was so, and who was dispatched on Monday was so; all else is as if nothing
    had happened. Where days are not moved by hand, times are not compared."""
    view, late = key[0], key[1:3] in ((LEAD, "R0304"), (LEAD, "R0105"), (OTHER, "R0105"))
    if view == "response_time" and late:
        return name.endswith("_n") and not (key[2] == "R0105" and name.startswith("dispatch"))
    return is_count(name) or (WHOLE > 0 and name != "n")


def test_the_story_from_friday_to_monday(own, tmp_path):
    district = own
    before = counted(district, {})
    began = ms(DAYS[0]) if WHOLE else int(time.time() * 1000) - 1000
    batches, verdicts = [], Counter()
    for day, when in enumerate(DAYS):
        if when:
            district.set_clock(ms(when))
        clock = ms(when) if when else int(time.time() * 1000)
        batches.append((clock, records_of(day, clock)))
        verdicts += send(district, batches[-1][1])
    total = sum(len(items) for _, items in batches)
    good, rejected, wrong, renamed = (sorted(case(i["number"]) for _, items in batches for i in items if i["number"][0] == c)
                                      for c in "GRWN")
    assert verdicts == {"accepted": total - len(rejected), "rejected": len(rejected)}
    if MONDAY:
        district.set_clock(ms(MONDAY))
    district.settle(240)
    told = orders(district, OTHER, "assigned")
    assert sorted(told) == wrong and set(told.values()) == {1}

    # Found, in three commands: something is dead; why; what else that version did.
    found = district.citybrain("views", "show", "ledger", "--by", "feed", "--json")
    row, = [r for r in json.loads(found.stdout)["rows"] if r["feed"] == "story"]
    assert (row["read"], row["dead"]) == (total, len(rejected))
    found = district.citybrain("dead", "group", "--feed", "story", "--config", district.config).stdout
    assert "unknown_code" in found and str(len(rejected)) in found, found
    why = district.citybrain("why", wrong[0], "--config", district.config).stdout
    assert "R0101" in why and OTHER in why

    # Mended, as a version of its own, and tested.
    now = datetime.datetime.fromtimestamp(ms(MONDAY) / 1000 if MONDAY else time.time(), CHINA)
    mend(district.config, now.isoformat(timespec="seconds"))
    add_golden_case(district, district.config)
    assert district.citybrain("check", "--config", district.config).returncode == 0
    district.came_back("ingest-1", district.kill("ingest-1"))

    # Planned: nothing is written.
    upto = ms(MONDAY) if MONDAY else int(time.time() * 1000) + 1000
    span = [datetime.datetime.fromtimestamp(t / 1000, CHINA).isoformat(timespec="milliseconds") for t in (began, upto)]
    range_ = ["--from", span[0], "--to", span[1]]
    ends = district.ends("cb.raw")
    plan = json.loads(replay(district, *range_, "--json").stdout)
    assert {k: plan[k] for k in ("records", "first_dispatch", "would_differ", "only_state", "same", "rejected", "lost")} == \
        {"records": total, "first_dispatch": len(rejected), "would_differ": len(wrong), "only_state": len(renamed),
         "same": len(good), "rejected": 0, "lost": 0}
    assert {(r["what"], r["from"], r["to"]): r["orders"] for r in plan["units"]} == \
        {("first_dispatch", "-", LEAD): len(rejected), ("would_differ", OTHER, LEAD): len(wrong)}
    assert district.ends("cb.raw") == ends
    assert replay(district, *range_, "--execute", check=False).returncode == 64  # who, and why
    who = ["--execute", "--as", WHO, "--reason", WHY]
    assert replay(district, *range_, *who, "--plan", "another", check=False).returncode == 1
    assert district.ends("cb.raw") == ends

    # Executed, killed half-way, and gone on with by the same words.
    untouched, since, written = sets(district), district.ends("cb.events"), len(rejected) + len(wrong) + len(renamed)
    begun, half = killed_half_way(district, [*range_, *who, "--plan", plan["plan"]], written)
    done = replay(district, *range_, *who, "--plan", plan["plan"], "--rate", "0")
    assert "goes on" in done.stderr, done.stderr
    copies = [json.loads(dict(m.headers())["cb"]) for m in district.records("cb.raw", begun)]
    copies = [c for c in copies if c["feed"] == "story"]
    assert len(copies) == written, (half, len(copies))
    assert Counter(c.get("replayof", "live") for c in copies) == {"live": len(rejected), plan["name"]: len(wrong) + len(renamed)}
    assert {c["mapping"] for c in copies} == {3} and len({(c["upload"], c["row"]) for c in copies}) == len(copies)
    district.settle(120)

    # 300 orders once each, 200 at the desk, the good ones untouched.
    first = orders(district, LEAD, "assigned")
    assert {c: first[c] for c in rejected} == dict.fromkeys(rejected, 1)
    assert sorted(asked(district)) == wrong
    assert set(wrong) & set(first) == set() and orders(district, OTHER, "assigned") == told
    assert orders(district, OTHER, "amended") == {} and orders(district, OTHER, "recalled") == {}
    said = events(district, since)
    assert set(said) == {*rejected, *wrong, *renamed}
    assert {c: first[c] for c in renamed} == dict.fromkeys(renamed, 1) and orders(district, LEAD, "amended") == {}
    assert {tuple(e["type"].split(".")[3] for e in said[c]) for c in renamed} == {("opened",)}
    stored = sets(district)
    assert {c: stored[c] for c in good} == {c: untouched[c] for c in good}

    # The same once more has nothing left to do; a new plan says so too.
    ends = district.ends("cb.raw")
    replay(district, *range_, *who)
    again = json.loads(replay(district, *range_, "--json").stdout)
    assert district.ends("cb.raw") == ends
    assert (again["first_dispatch"], again["would_differ"], again["only_state"], again["orders"]) == (0, 0, 0, 0)

    # The desk gives the 200 to whom they belong; then the views are those of a run that never broke.
    if MONDAY:
        district.set_clock(upto + 1_800_000)
    time_of = datetime.datetime.fromtimestamp((upto + 1_800_000) / 1000 if MONDAY else time.time(),
                                              datetime.timezone.utc).isoformat(timespec="milliseconds")
    decided = "".join(json.dumps({"case": c, "stage": "assigned", "time": time_of, "data": {"lead": LEAD, "by": WHO}}) + "\n"
                      for c in wrong).encode()
    status, body = district.http(f"{district.environment['CITYBRAIN_URL']}/v1/units/desk/status", decided,
                                 Content_Type=NDJSON, Authorization="Bearer demo-desk")
    assert status == 200 and json.loads(body)["accepted"] == len(wrong), body[:300]
    district.settle(120)
    assert asked(district) == set()
    expected, now = never_broken(district, tmp_path, batches), counted(district, before)
    alike = {key: {c: v for c, v in row.items() if is_counted_alike(key, c)} for key, row in expected.items()}
    alike = {key: row for key, row in alike.items() if any(v for c, v in row.items() if is_count(c))}
    wrongly = [(key, name, value, now.get(key, {}).get(name)) for key, row in alike.items()
               for name, value in row.items() if now.get(key, {}).get(name) != value]
    assert wrongly == []
    moved = {k for k, v in now.items() if v != before.get(k) and any(v[c] for c in v if is_count(c) and is_counted_alike(k, c))}
    assert moved == set(alike), moved ^ set(alike)
    if WHOLE:
        assert "\n0 differences" in district.citybrain("verify", "--config", district.config, seconds=300).stdout

    # Who, why, which range: beside what was done.
    entries = [json.loads(m.value()) for m in district.records("cb.audit")]
    entries = [e for e in entries if e["verb"] == "replay" and e["arguments"]["name"] == plan["name"]]
    assert [e["outcome"] for e in entries][:3] == ["intended", "resumed", "done"]
    assert {(e["who"], e["reason"]) for e in entries} == {(WHO, WHY)}
    assert entries[0]["arguments"]["plan"] == plan["plan"]
    resumed = [e["arguments"].get("resumed_at", "") for e in entries[:3]]
    assert resumed[0] == "" and resumed[1] == resumed[2] and re.fullmatch("[1-9][0-9]* of [1-9][0-9]* offsets", resumed[1])
    assert f"first_dispatch {len(rejected)}, would_differ {len(wrong)}" in entries[0]["arguments"]["counts"]
    for name, at in (("from", began), ("to", upto)):
        assert ms_of(entries[0]["arguments"][name]) == at
    check_all("audit.json", entries)


def ms_of(rfc3339):
    return round(datetime.datetime.fromisoformat(rfc3339.replace("Z", "+00:00")).timestamp() * 1000)


def test_a_name_is_of_one_replay(own):
    """The later half of what came under a name, then the earlier one: it would be skipped as done."""
    begun = own.ends("cb.raw")
    now = ms(MONDAY) / 1000 if MONDAY else time.time()  # the story's clock stands there
    at = datetime.datetime.fromtimestamp(now - 60, CHINA).strftime("%Y-%m-%d %H:%M:%S")
    own.accepted("hotline", [order(f"NAM-{n}", 承办单位=LEAD, 受理时间=at, 更新时间=at) for n in range(60)])
    own.settle()
    ends = own.ends("cb.raw")
    part = max(ends, key=lambda p: ends[p] - begun[p])
    middle = (begun[part] + ends[part]) // 2

    def planned(from_, to, *more):
        return own.citybrain("replay", "--feed", "hotline", "--all", "--name", "replay-one", "--offsets",
                             f"{part}:{from_}-{to}", "--config", own.config, *more, check=False)

    def named(from_, to, *more):
        return planned(from_, to, "--execute", "--as", WHO, "--reason", WHY, *more)

    def copies():
        return len([m for m in own.records("cb.raw", ends) if b'"replay-one"' in dict(m.headers())["cb"]])

    done = named(middle, ends[part])
    assert done.returncode == 0 and copies() == ends[part] - middle, done.stderr
    for words in ((begun[part], middle), (begun[part], ends[part]), (middle, ends[part], "--dispatch-missing")):
        for done in (planned(*words), named(*words)):  # a plan says so as well, instead of what would become of it
            assert done.returncode == 69 and done.stdout == "", done.stdout
            assert "the name replay-one was used for something else; fix: another" in done.stderr, done.stderr
            assert f"--feed hotline --all --offsets {part}:{middle}-{ends[part]}" in done.stderr, done.stderr
    assert planned(middle, ends[part]).returncode == 0
    assert copies() == ends[part] - middle
    done = named(middle, ends[part])  # the same words: nothing is left
    assert done.returncode == 0 and "goes on" in done.stderr and copies() == ends[part] - middle, done.stderr
    entries = [json.loads(m.value()) for m in own.records("cb.audit")]
    entries = [e["arguments"].get("resumed_at") for e in entries if e["arguments"].get("name") == "replay-one"]
    whole = ends[part] - middle
    assert entries == [None, None, f"{whole} of {whole} offsets", f"{whole} of {whole} offsets"]


def test_what_cannot_be_replayed_is_told(own):
    for words, says in ((("--from", "2026-03-06"), "a range is needed"), (("--from", "x", "--to", "y"), "neither a day"),
                        (("--from", "2026-03-07", "--to", "2026-03-06"), "not before"), (("--offsets", "1-2"), "no range"),
                        (("--offsets", "11:0-1,11:1-5"), "named twice"), (("--offsets", "1:5-5"), "nothing in it"),
                        (("--from", "2026-03-06", "--to", "2026-03-07", "--mapping", "3"), "name it by --feed")):
        done = own.citybrain("replay", *words, check=False)
        assert done.returncode == 64 and says in done.stderr and done.stdout == "", (words, done.stderr)
    days = ("--from", "2026-03-06", "--to", "2026-03-07", "--config", own.config)
    done = own.citybrain("replay", "--feed", "nobody", *days, check=False)
    assert done.returncode == 78 and "no feed" in done.stderr
    done = own.citybrain("replay", "--feed", "story", "--mapping", "99", *days, check=False)
    assert done.returncode == 78 and "version" in done.stderr
    done = own.citybrain("replay", "--feed", "story", "--offsets", "99:0-1", "--config", own.config, check=False)
    assert done.returncode == 69 and "no partition" in done.stderr
    part, end = max(own.ends("cb.raw").items(), key=lambda of: of[1])
    for from_, to in ((end, end + 1), (end + 1000, end + 2000), (0, end + 1)):
        done = own.citybrain("replay", "--offsets", f"{part}:{from_}-{to}", "--config", own.config, check=False)
        assert done.returncode == 69 and f"raw/{part} holds" in done.stderr and done.stdout == "", done.stderr
    help_ = own.citybrain("replay", "--help").stdout
    for word in ("first_dispatch", "would_differ", "only_state", "--dispatch-missing", "--execute", "exit:"):
        assert word in help_
