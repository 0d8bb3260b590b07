# SPDX-License-Identifier: Apache-2.0
"""What an engineer on call looks at on real parts: `citybrain tap` on each topic, `check --environment`, and `dead purge` on a
topic of its own."""
import datetime
import json
import subprocess
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from district import NDJSON, until

CHINA = datetime.timezone(datetime.timedelta(hours=8))
CASE, UNIT = "request:12345:TAP1", "s110105001"
NAME, PHONE = "测试乙", "13800000042"


def tap(district, *words, check=True):
    return district.citybrain("tap", *words, check=check)


def told(district, *words):
    return [json.loads(line) for line in tap(district, *words, "--json").stdout.splitlines()]


def order(number, **more):
    when = datetime.datetime.now(CHINA) - datetime.timedelta(minutes=30)
    return {"工单编号": number, "诉求性质": "投诉", "问题分类": "R0105", "反映社区": "110105001901", "受理时间": when.strftime("%Y-%m-%d %H:%M:%S"),
            "来电人": NAME, "来电号码": PHONE, "主要内容": f"{NAME}来电 {PHONE}", **more}


def test_each_topic_is_read_in_words_and_as_json_and_shows_no_contact(district):
    began = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    status, _ = district.post("hotline", [order("TAP1"), order("TAP2", 受理时间="昨天上午")])
    assert status == 200
    dispatched = ("events", "--case", CASE, "--what", "dispatched")
    until(lambda: told(district, *dispatched), "it is dispatched", 60, 0.3)

    opened, decision = told(district, "events", "--case", CASE, "--limit", "2")
    assert (opened["what"], decision["what"], decision["unit"]) == ("opened", "dispatched", UNIT)
    assert opened["value"]["data"]["type_code"] == "R0105" and opened["feed"] == "hotline"
    assert told(district, "decisions", "--case", CASE) == [decision]
    line = tap(district, *dispatched).stdout
    assert "派单(dispatched)" in line and f"{CASE}\t" in line and "承办=建外街道办事处(s110105001)" in line and line.count("\n") == 1

    sent, = told(district, "dispatch", "--unit", UNIT, "--case", CASE)
    assert sent == told(district, f"dispatch.{UNIT}", "--case", CASE)[0] and sent["value"]["id"] == decision["value"]["id"]
    raw = told(district, "raw", "--feed", "hotline", "--since", began, "--limit", "2")
    assert [one["what"] for one in raw] == ["none", "bad_date"] and all("value" not in one for one in raw)
    # of a case by its mapping, refused ones too; of another feed it has none
    for number, row in zip(("TAP1", "TAP2"), raw):
        assert [one["place"] for one in told(district, "raw", "--case", f"request:12345:{number}", "--feed", "hotline")] == [row["place"]]
    assert told(district, "raw", "--case", CASE, "--feed", "hotline_csv") == [] == told(district, "raw", "--case", "request:12345:TAP")
    letter, = until(lambda: told(district, "dead", "--case", "request:12345:TAP2"), "the other is a letter", 30, 0.3)
    assert (letter["what"], letter["header"]["record"]) == ("bad_date", "TAP2")
    assert all(one["what"] == "tick" for one in told(district, "events", "--ticks", "--what", "tick", "--limit", "3"))
    assert not [one for one in told(district, "events", "--since", "5m", "--limit", "0") if one["what"] == "tick"]

    names = ["events", "raw", "dead", "audit", "contacts", "state.cases", f"dispatch.{UNIT}", f"status.{UNIT}"]
    words = {name: tap(district, name, "--since", began, "--limit", "0").stdout for name in names}
    shown = "".join(words.values()) + "".join(tap(district, name, "--since", began, "--limit", "0", "--json").stdout
                                              for name in ("raw", "dead", "signals", "state.windows"))
    assert NAME not in shown and PHONE not in shown and CASE in words["state.cases"] and "读不懂" not in shown
    place = [line.split("\t")[1] for line in words["raw"].splitlines()]
    assert place == [one["place"] for one in told(district, "raw", "--since", began, "--limit", "0")]
    assert told(district, "raw", "--place", raw[0]["place"]) == raw[:1]
    assert told(district, "events", "--place", opened["place"]) == [opened] and told(district, "raw", "--place", "0/99999999") == []


def test_what_comes_is_followed(district):
    words = [district.binaries / "citybrain", "tap", "events", "--follow", "--since", "1m", "--case", "request:12345:TAP3", "--limit", "2",
             "--json"]
    with subprocess.Popen([str(word) for word in words], env=district.environment, stdout=subprocess.PIPE, text=True) as following:
        try:
            time.sleep(1.5)
            assert following.poll() is None  # there is nothing yet, and it waits
            district.accepted("hotline", [order("TAP3")])
            out, _ = following.communicate(timeout=60)  # it ends by itself after two
        finally:
            following.kill()
    assert [json.loads(line)["what"] for line in out.splitlines()] == ["opened", "dispatched"]


def test_wrong_words_are_named(district):
    for words, says in ((["event"], "is no topic of ours"), (["dispatch"], "whose? write dispatch.UNIT"),
                        (["events", "--since", "soon"], "is no day"),
                        ([], "one TOPIC is needed")):
        done = tap(district, *words, check=False)
        assert done.returncode == 64 and says in done.stderr and done.stdout == ""
    done = tap(district, "dispatch.nobody", check=False)
    assert done.returncode == 69 and "no topic cb.dispatch.nobody" in done.stderr and "topics ls" in done.stderr


def test_the_environment_is_as_declared_and_what_is_not_is_named(district):
    done = district.citybrain("check", "--config", district.config, "--environment", "--on", "2026-06-01", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    done = district.citybrain("check", "--config", district.config, "--environment", "--prefix", "none.", check=False)
    assert done.returncode == 78 and "none.events: error: the topic is missing; fix: citybrain topics apply" in done.stdout

    admin = AdminClient({"bootstrap.servers": district.environment["CITYBRAIN_BROKERS"]})
    made = admin.create_topics([NewTopic("odd.events", 3, 1), NewTopic("odd.state.cases", 12, 1, config={"cleanup.policy": "delete"})])
    for future in made.values():
        future.result(20)
    there = [json.loads(line) for line in district.citybrain("topics", "ls", "--prefix", "odd.", "--json").stdout.splitlines()]
    assert there == [{"topic": "odd.events", "partitions": 3}, {"topic": "odd.state.cases", "partitions": 12}]
    done = district.citybrain("check", "--config", district.config, "--environment", "--prefix", "odd.", check=False)
    assert "odd.events: error: it has 3 partitions and not 12; fix: " in done.stdout
    assert "odd.state.cases: error: cleanup.policy is delete and not compact; fix: kafka-configs" in done.stdout


def letters(district, prefix, feeds):
    producer = Producer({"bootstrap.servers": district.environment["CITYBRAIN_BROKERS"]})
    for row, feed in enumerate(feeds):
        header = {"v": 1, "feed": feed, "mapping": 1, "upload": "u", "row": row + 1, "rows": 0, "offset": 0, "received": int(time.time() * 1000),
                  "ctype": NDJSON, "charset": "utf-8", "verdict": "bad_date", "topic": "cb.raw", "partition": 0, "at": row, "record": f"N{row}",
                  "reason": "bad_date", "pointer": "/at", "fault_offset": 0, "attempts": 1, "disposition": "dead"}
        producer.produce(f"{prefix}dead", b"{}", feed, partition=0, headers={"cb": json.dumps(header, separators=(",", ":"))})
    assert producer.flush(20) == 0


def test_letters_are_purged_from_the_beginning_of_the_log_with_a_reason(district):
    prefix = "purge."
    admin = AdminClient({"bootstrap.servers": district.environment["CITYBRAIN_BROKERS"]})
    for future in admin.create_topics([NewTopic(f"{prefix}dead", 1, 1), NewTopic(f"{prefix}audit", 1, 1)]).values():
        future.result(20)
    letters(district, prefix, ["mine", "mine", "other", "mine"])

    def purge(*words):
        done = district.citybrain("dead", "purge", *words, "--prefix", prefix, "--json", check=False)
        return done, json.loads(done.stdout) if done.stdout else None

    signed = ("--execute", "--as", "李四", "--reason", "源头已重发")
    assert purge()[0].returncode == 64 and purge("--feed", "mine", "--execute")[0].returncode == 64
    done, plan = purge("--feed", "mine")
    assert (plan["letters"], plan["others"], plan["executed"]) == (3, 1, False) and "nothing was purged" in done.stderr
    done, _ = purge("--feed", "mine", *signed)  # the other one lies between
    assert done.returncode == 1 and "the first is 0/2" in done.stderr and len(district.records(f"{prefix}dead")) == 4
    done, plan = purge("--code", "bad_date", *signed, "--plan", "another")
    assert done.returncode == 1 and len(district.records(f"{prefix}dead")) == 4
    done, plan = purge("--code", "bad_date", *signed)
    assert done.returncode == 0 and plan["executed"] and plan["letters"] == 4 and plan["before"] == {"0": 4}
    assert district.records(f"{prefix}dead") == []
    entries = [json.loads(m.value()) for m in district.records(f"{prefix}audit")]
    assert [(one["verb"], one["outcome"], one["who"]) for one in entries] == [("dead purge", "intended", "李四"), ("dead purge", "done", "李四")]
    assert purge("--code", "bad_date")[1]["letters"] == 0
