# SPDX-License-Identifier: Apache-2.0
"""Dead letters on real parts: found by what is wrong with them, looked at, and once the mapping is mended put back. 300
orders that were refused are dispatched once each, though the command is killed half-way and run again."""
import datetime
import json
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from confluent_kafka import Producer

from district import NDJSON, ROOT, until

sys.path.insert(0, str(ROOT / "tests" / "support"))
from contracts import check_all  # noqa: E402 the folder is no package

CHINA = datetime.timezone(datetime.timedelta(hours=8))
LEAD, GOOD, BAD = "s110105040", 300, 12
WHO, WHY = "李四", "码表已补"


def case(number):
    return f"request:mended:{number}"


def item(number, **more):
    when = datetime.datetime.now(CHINA) - datetime.timedelta(hours=1)
    return {"number": number, "at": when.strftime("%Y-%m-%d %H:%M:%S"), "changed": "20260301", "kind": "网络投诉", "unit": LEAD,
            "text": "王某 13900000000", **more}


def dead(district, *words, check=True):
    return district.citybrain("dead", *words, "--config", str(district.config), check=check)


def told(district, *words, check=True):
    return json.loads(dead(district, *words, "--feed", "mended", "--json", check=check).stdout)


def redriven(district):
    """Where each record of raw that was a letter lay in `dead`."""
    marks = (dict(m.headers() or []).get("citybrain-redriven") for m in district.records("cb.raw"))
    return [mark.decode() for mark in marks if mark]


def audited(district):
    read = [json.loads(m.value()) for m in district.records("cb.audit")]
    return [one for one in read if one["verb"].startswith("dead ")]


@pytest.fixture(scope="module")
def refused(district):
    """As doors wrote it while version 1 was in force: 300 with the new word, 12 with a date that nobody can read."""
    items = [item(f"M{n}") for n in range(GOOD)] + [item(f"B{n}", at="昨天上午") for n in range(BAD)]
    producer = Producer({"bootstrap.servers": district.environment["CITYBRAIN_BROKERS"], "enable.idempotence": True})
    for row, one in enumerate(items, 1):
        header = {"v": 1, "feed": "mended", "mapping": 1, "upload": "mended0000000000000000", "row": row, "rows": len(items), "offset": 0,
                  "received": int(time.time() * 1000), "ctype": NDJSON, "charset": "utf-8", "verdict": "unknown_code"}
        producer.produce("cb.raw", json.dumps(one, ensure_ascii=False).encode(), "mended",
                         headers={"cb": json.dumps(header, separators=(",", ":"))})
    assert producer.flush(30) == 0
    until(lambda: sum(g["letters"] for g in told(district, "group")) == GOOD + BAD, "all are dead letters", 60, 0.5)
    return district


def test_letters_are_grouped_listed_and_shown(refused):
    first, second = told(refused, "group")
    assert (first["reason"], first["pointer"], first["letters"]) == ("unknown_code", "/kind", GOOD)
    assert (second["reason"], second["pointer"], second["letters"]) == ("bad_date", "/at", BAD)
    assert (first["values"], second["values"]) == (f"1 种: 网络投诉×{GOOD}", f"1 种: 昨天上午×{BAD}")
    assert len(told(refused, "ls", "--code", "bad_date")) == BAD
    assert len(told(refused, "ls", "--limit", "7")) == 7
    assert told(refused, "ls", "--until", "2026-01-01") == [] and told(refused, "ls", "--station", "st001") == []
    assert len(told(refused, "ls", "--since", "1h", "--limit", "0")) == GOOD + BAD

    place = first["sample"]["place"]
    shown = json.loads(dead(refused, "show", place, "--json").stdout)
    assert shown["header"]["mapping"] == 1 and shown["today"]["mapping"] == 2 and shown["today"]["fate"] == "accepted"
    assert [(one["stage"], one["subject"]) for one in shown["today"]["tells"]] == [("opened", case(first["sample"]["record"]))]
    for page in (dead(refused, "show", place).stdout, json.dumps(shown, ensure_ascii=False)):
        assert "网络投诉" in page and "王某" not in page and "13900000000" not in page
    before = len(audited(refused))
    assert dead(refused, "show", place, "--reveal", check=False).returncode == 64 and len(audited(refused)) == before
    page = dead(refused, "show", place, "--reveal", "--as", WHO, "--reason", WHY).stdout
    assert "王某 13900000000" in page
    signed = ("--reveal", "--as", WHO, "--reason", WHY)
    assert dead(refused, "show", "0/99999999", *signed, check=False).returncode == 1  # intended, and not done
    told_of = audited(refused)[before:]
    assert [(entry["arguments"]["letter"], entry["outcome"]) for entry in told_of] == [
        (place, "intended"), (place, "done"), ("0/99999999", "intended"), ("0/99999999", "failed")]
    assert all((entry["who"], entry["verb"], entry["reason"]) == (WHO, "dead show", WHY) for entry in told_of)
    assert dead(refused, "show", "0/99999999", check=False).returncode == 1


def test_300_letters_are_300_first_dispatches_though_it_is_killed(refused):
    # one was told again by its source, in words that were known
    refused.accepted("mended", [item("M0", kind="投诉", changed="20260302")])
    until(lambda: told(refused, "redrive")["there"] == 1, "that one needs nothing", 30, 0.5)
    plan = told(refused, "redrive")
    assert plan["config"] == str(refused.config.resolve())
    page = dead(refused, "redrive", "--feed", "mended")
    assert f"judged by {plan['config']}" in " ".join(page.stdout.split()) and "start it anew" in page.stderr
    assert {name: plan[name] for name in ("letters", "accepted", "there", "writes", "first_dispatches", "corrections", "rejected",
                                          "left", "still_rejected", "executed")} == {
        "letters": GOOD + BAD, "accepted": GOOD, "there": 1, "writes": GOOD - 1, "first_dispatches": GOOD - 1, "corrections": 0,
        "rejected": BAD, "left": 0, "still_rejected": {"bad_date": BAD}, "executed": False}
    assert plan["mappings"] == {"mended/2": GOOD} and told(refused, "redrive")["plan"] == plan["plan"]
    assert redriven(refused) == []

    # nothing without a reason, and nothing of another plan
    assert dead(refused, "redrive", "--execute", check=False).returncode == 64
    signed = ("--execute", "--as", WHO, "--reason", WHY)
    done = dead(refused, "redrive", "--feed", "mended", *signed, "--plan", "x", "--json", check=False)
    assert done.returncode == 1 and "the plan is now" in done.stderr and redriven(refused) == []
    assert json.loads(done.stdout)["executed"] is False and "under way" not in done.stderr

    words = [refused.binaries / "citybrain", "dead", "redrive", "--feed", "mended", "--config", refused.config, *signed,
             "--rate", "50"]
    before = sum(refused.ends("cb.raw").values())
    running = subprocess.Popen([str(w) for w in words], env=refused.environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    until(lambda: sum(refused.ends("cb.raw").values()) > before + 40, "some are written", 30, 0.2)
    running.send_signal(signal.SIGKILL)
    running.wait(10)
    some = len(redriven(refused))
    assert 40 < some < GOOD - 1

    rest = told(refused, "redrive")
    assert rest["writes"] == GOOD - 1 - some and rest["there"] == 1 + some and rest["plan"] != plan["plan"]
    done = dead(refused, "redrive", "--feed", "mended", *signed, "--rate", "0", "--json")
    end = json.loads(done.stdout)
    assert end["executed"] and end["written"] == end["seen"] == GOOD - 1 - some
    assert "/s" in done.stderr and f"{end['written']} of {end['written']} are on events" in done.stderr
    places = redriven(refused)
    assert len(places) == len({place.rsplit("/", 1)[0] for place in places}) == GOOD - 1
    assert told(refused, "redrive", "--execute", "--as", WHO, "--reason", WHY)["writes"] == 0  # once more: nothing
    assert len(redriven(refused)) == GOOD - 1

    refused.settle()
    cases = {case(f"M{n}") for n in range(GOOD)}
    events = [json.loads(m.value()) for m in refused.records("cb.events") if (m.key() or b"").decode() in cases]
    leads = Counter(e["subject"] for e in events if ".dispatched." in e["type"])
    assert leads == Counter(cases)  # one lead each
    assert {e["data"]["lead"] for e in events if ".dispatched." in e["type"]} == {LEAD}
    assert not any(e.get("replayof") for e in events)
    orders = [json.loads(m.value()) for m in refused.records(f"cb.dispatch.{LEAD}") if (m.key() or b"").decode() in cases]
    assert Counter(one["case"] for one in orders if one["kind"] == "assigned") == Counter(cases)
    assert len(told(refused, "ls", "--limit", "0", "--all")) == GOOD + BAD  # nothing died anew
    # what was redriven is listed and counted no more; M0 was told again by its source, and its letter is there
    assert {row["record"] for row in told(refused, "ls", "--limit", "0")} == {"M0", *(f"B{n}" for n in range(BAD))}
    assert sum(row["letters"] for row in told(refused, "group")) == BAD + 1
    assert sum(row["letters"] for row in told(refused, "group", "--all")) == GOOD + BAD
    listed = dead(refused, "ls", "--feed", "mended")
    assert f"死信 {BAD + 1} 条" in listed.stderr and f"已重投 {GOOD - 1} 条" in listed.stderr

    entries = [one for one in audited(refused) if one["verb"] == "dead redrive"]
    assert [one["outcome"] for one in entries] == ["intended", "intended", "done"]  # the first was killed
    assert {(one["who"], one["reason"], one["arguments"]["feed"]) for one in entries} == {(WHO, WHY, "mended")}
    assert entries[0]["arguments"]["plan"] == plan["plan"] and entries[2]["arguments"]["plan"] == end["plan"]
    assert entries[2]["arguments"]["written"] == str(end["written"])
    assert check_all("audit.json", audited(refused)) == len(audited(refused))


def test_a_letter_that_dies_again_says_how_often(refused):
    """Of a redriven record that no mapping takes: the attempt goes on from the letter's."""
    mark = redriven(refused)[0]
    assert mark.endswith("/2")
    header = {"v": 1, "feed": "mended", "mapping": 1, "upload": "again00000000000000000", "row": 1, "rows": 1, "offset": 0,
              "received": int(time.time() * 1000), "verdict": "none"}
    producer = Producer({"bootstrap.servers": refused.environment["CITYBRAIN_BROKERS"]})
    producer.produce("cb.raw", json.dumps(item("A1")).encode(), "mended",
                     headers={"cb": json.dumps(header, separators=(",", ":")), "citybrain-redriven": "0/1/4"})
    assert producer.flush(30) == 0
    one, = until(lambda: [row for row in told(refused, "ls", "--limit", "0") if row["upload"] == header["upload"]], "it is dead again", 30)
    assert one["attempts"] == 4


def test_what_lies_behind_a_killed_writers_transaction_is_known(refused):
    """A replay that was killed leaves its transaction open for a while; what was redriven behind it is there already."""
    row, = [row for row in told(refused, "ls", "--limit", "0") if row["upload"] == "again00000000000000000"]
    brokers = {"bootstrap.servers": refused.environment["CITYBRAIN_BROKERS"]}
    assert told(refused, "redrive")["writes"] == 1
    killed = Producer({**brokers, "transactional.id": "killed-half-way", "transaction.timeout.ms": 20000})
    killed.init_transactions(20)
    killed.begin_transaction()
    killed.produce("cb.raw", b"never", "mended")
    assert killed.flush(20) == 0
    header = {"v": 1, "feed": "mended", "mapping": 2, "upload": row["upload"], "row": 1, "rows": 1, "offset": 0,
              "received": int(time.time() * 1000), "ctype": NDJSON, "charset": "utf-8", "verdict": "none"}
    producer = Producer(brokers)
    producer.produce("cb.raw", json.dumps(item("A1"), ensure_ascii=False).encode(), "mended",
                     headers={"cb": json.dumps(header, separators=(",", ":")), "citybrain-redriven": f"{row['place']}/5"})
    assert producer.flush(20) == 0
    words = [refused.binaries / "citybrain", "dead", "redrive", "--feed", "mended", "--json", "--config", refused.config]
    with subprocess.Popen([str(w) for w in words], env=refused.environment, stdout=subprocess.PIPE) as running:
        time.sleep(1)
        killed.abort_transaction(20)
        assert json.loads(running.communicate(timeout=60)[0])["writes"] == 0


def test_a_feed_that_is_not_there_is_no_feed_without_letters(refused):
    """The name nearest to it is told; one that no file declares any more has its letters still."""
    for words in (("group",), ("ls",), ("redrive",), ("purge", "--since", "1h")):
        done = dead(refused, *words, "--feed", "mendde", check=False)
        assert (done.returncode, done.stdout) == (64, ""), done
        assert f'no feed "mendde" in {refused.config}/feeds; did you mean mended; and no letter is of it; fix: ' in done.stderr
    header = {"v": 1, "feed": "given_up", "mapping": 1, "upload": "gone000000000000000000", "row": 1, "rows": 1, "offset": 0,
              "received": int(time.time() * 1000), "verdict": "none"}
    producer = Producer({"bootstrap.servers": refused.environment["CITYBRAIN_BROKERS"]})
    producer.produce("cb.raw", json.dumps(item("G1")).encode(), "given_up", headers={"cb": json.dumps(header, separators=(",", ":"))})
    assert producer.flush(30) == 0
    until(lambda: dead(refused, "ls", "--feed", "given_up", check=False).returncode == 0, "its letter is there", 30, 0.5)
    for words in (("group",), ("ls",)):
        row, = json.loads(dead(refused, *words, "--feed", "given_up", "--json").stdout)
        assert row["feed"] == "given_up"


def test_what_is_not_understood_is_told(district):
    for words in ((), ("fly",), ("show",), ("show", "x"), ("ls", "--code", "x"), ("ls", "--since", "x"), ("redrive", "--rate", "x")):
        done = dead(district, *words, check=False)
        assert done.returncode == 64 and done.stdout == "" and "--help" in done.stderr, words
    assert dead(district, "ls", "--brokers", "127.0.0.1:1", check=False).returncode == 69
    for page in (district.citybrain("dead", "--help").stdout, district.citybrain("dead", "redrive", "--help").stdout):
        assert "首次" in page or "first dispatches" in page
        assert "--execute" in page and "exit:" in page
