# SPDX-License-Identifier: Apache-2.0
"""The second reader's codec and merge against the contract and the vectors of the daemons' own tests."""
import importlib.util
import json
import sys
from itertools import permutations
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "verify"))
from case_line import CAUSE, LETTERS, Line, Unusable, line_of_event, read_event, read_line, renumber, write_line  # noqa: E402
from case_set import CaseSet, revision_order  # noqa: E402
from event_log import murmur2  # noqa: E402
from lock_holders import sentence  # noqa: E402
from rules import Rules, zone_minutes  # noqa: E402

RULES = Rules(ROOT / "config")
NONE = (None,) * len(LETTERS)


def line(**more):
    fields = dict(id="abc", revision="", stage=1, time=0, recorded=0, unit=None, party=0, live=False, attributes=NONE)
    return Line(**{**fields, **more})


def event(data=None, **more):
    fields = {"specversion": "1.0", "id": "a", "source": "/s", "type": "cn.citybrain.case.opened.v1",
              "subject": "request:x:1", "time": "1970-01-01T00:00:00.036Z", **more}
    found = line_of_event({k: v for k, v in fields.items() if v is not None}, data, RULES)
    return found and found[1]


def test_numbers_are_base_36_without_padding():
    written = line(revision="0.1.2.ff", stage=3, time=36, recorded=71, unit="desk", party=7, live=True,
                   attributes=("s110105001",) + NONE[1:])
    assert write_line(written, RULES) == "1|abc|0.1.2.ff|3|10|1z|1|7|v=1|l=s110105001"
    assert read_line(write_line(written, RULES), RULES) == written


def test_a_unit_without_number_stands_as_its_code():
    written = line(id="a", unit="X|1")
    assert write_line(written, RULES) == "1|a||1|0|0|=X\\|1|0"
    assert read_line("1|a||1|0|0|=X\\|1|0", RULES) == written
    assert renumber("1|a||1|0|0|=desk|0\n1|b||1|0|0|=X|0", RULES) == "1|a||1|0|0|1|0\n1|b||1|0|0|=X|0"


def test_every_field_comes_back():
    written = line(id="i|d", revision="a.b.c.d", stage=21, time=-12345, recorded=None, party=3, live=True,
                   attributes=("x\\|\n=y",) * len(LETTERS))
    text = write_line(written, RULES)
    assert "\n" not in text and read_line(text, RULES) == written


@pytest.mark.parametrize("text", ["", "2|a|r|1|0|0|0|0", "1|a|r|1|0|0|0", "1||r|1|0|0|0|0", "1|a|r|01|0|0|0|0",
                                  "1|a|r|1|x!|0|0|0", "1|a|r|1|0|0|zzzz|0"])
def test_damage_is_refused(text):
    with pytest.raises((ValueError, IndexError, KeyError)):
        read_line(text, RULES)


def test_a_strangers_record_is_unusable_and_ends_nothing():
    with pytest.raises(Unusable):
        read_event(b"[" * 100000)
    with pytest.raises(Unusable):
        read_event(b"", [("x", b"\xff")])
    assert read_event(b"{}", [("x", b"\xff")]) == ({}, None)


def test_keys_of_later_versions_are_passed_over():
    assert read_line("1|a|r|1|0|0|0|0|z=9|later=1|bare|t=R1", RULES).attributes[3] == "R1"


def test_attributes_come_from_data():
    said, data = read_event(b'{"data": {"lead": "desk", "rule": "", "due_at": "1970-01-02T08:00:00+08:00", '
                            b'"adopted": true, "summary": "x", "type_code": 303, "estate_code": "E7"}}')
    assert {letter: text for letter, text in zip(LETTERS, event(data).attributes) if text is not None} == \
        {"l": "desk", "d": "86400000", "t": "303", "a": "1", "1": "E7"}
    for due, found in ((b"1764000000000", "1764000000000"), (b'""', None), (b'"soon"', None), (b"1.5", None)):
        assert event(read_event(b'{"data": {"due_at": ' + due + b"}}")[1]).attributes[1] == found
    for copies, found in ((b'["d_fire","c_120"]', "d_fire c_120"), (b'["d_fire",7,"",null]', "d_fire"), (b"[]", None),
                          (b'"d_fire"', None), (b'["' + b"x" * 512 + b'"]', None)):
        data_of = read_event(b'{"data": {"copies": ' + copies + b"}}")[1]
        assert event(data_of).attributes[LETTERS.index("z")] == found
    for stage, party, sentence, found in (("opened", "router", "七天内|2件", "七天内|2件"), ("opened", "source", "七天内", None), ("dispatched", "router", "七天内", None),
                                          ("opened", "router", "", None), ("opened", "router", "件" * 101, None)):
        data_of = read_event(json.dumps({"data": {"found": sentence}}).encode())[1]
        assert event(data_of, type=f"cn.citybrain.case.{stage}.v1", party=party).attributes[LETTERS.index("f")] == found
    assert (said.get("data") is data) and event({"adopted": False}).attributes[8] is None


def test_an_event_of_a_replay_is_not_live_and_one_of_no_case_is_no_line():
    assert event().live and not event(replayof="r1").live
    assert event(type="cn.citybrain.tick.v1") is None
    for bad in ({"type": "cn.citybrain.case.evaporated.v1"}, {"subject": "nokind:1"}, {"time": "soon"}, {"id": ""},
                {"source": None}, {"subject": "request"}):
        with pytest.raises(Unusable):
            event(**bad)


ASCENDING = ["00000000000000000000.000000000000009.000001.00000000000000aa",
             "00000000000000000000.000000000000035.000001.00000000000000aa",
             "00000000000000000000.000000000000036.000001.00000000000000aa",
             "00000000000000000000.001700000000000.000001.0000000000000001",
             "00000000000000000000.001700000000000.000001.ffffffffffffffff",
             "00000000000000000000.001700000000000.000002.0000000000000000",
             "00000000001700000000.000000000000001.000001.0000000000000000",
             "18446744073709551615.000000000000001.000001.0000000000000000",
             "18446744073709551616.000000000000001.000001.0000000000000000",
             "99999999999999999999.000000000000001.000001.0000000000000000"]


def test_short_revisions_keep_the_order_of_their_texts():
    short = [event(revision=text).revision for text in ASCENDING]
    assert short[2] == "0.10.1.00000000000000aa"
    assert sorted(reversed(short), key=revision_order) == short
    assert [event(revision=text).revision for text in ("v7", "1.2", "1.2.3.4.5")] == ["v7", "1.2", "1.2.3.4.5"]
    assert revision_order("") < revision_order("v7")


def test_a_set_does_not_care_about_order_and_repetition():
    kind = RULES.kinds["request"]
    lines = [line(id="b", revision="0.2.1.a", time=5, recorded=9, attributes=("new",) + NONE[1:]),
             line(id="b", revision="0.1.1.a", time=4, recorded=3, live=True, attributes=("old",) + NONE[1:]),
             line(id="a", stage=RULES.stages["closed"], time=5, recorded=None), line(id="c", time=5)]
    texts = set()
    for order in permutations(lines + lines[:1]):
        case = CaseSet(kind)
        for one in order:
            case.add(one)
        texts.add(case.text(RULES))
    assert texts == {"1|b|0.2.1.a|1|5|3|0|0|v=1|l=new\n1|c||1|5|0|0|0\n1|a||l|5||0|0"}


def router_line(id, stage, cause, time=1):
    attributes = list(NONE)
    attributes[CAUSE] = cause
    return line(id=id, stage=RULES.stages[stage], party=RULES.kinds["request"].router, time=time, attributes=tuple(attributes))


def opened():
    case = CaseSet(RULES.kinds["request"])
    case.add(line(id="o", stage=RULES.stages["opened"], time=0))
    case.add(router_line("d", "dispatched", "o"))
    return case


def test_limits_let_only_ends_in():
    case = opened()
    for n in range(300):
        case.add(line(id=f"i{n:03}", stage=RULES.stages["nudged"], time=n))
    assert len(case.lines) == 240 and case.refused == 62
    for n in range(20):
        case.add(line(id=f"r{n:03}", stage=RULES.stages["reopened"], time=n))
    assert len(case.lines) == 248  # each with the room for its decision
    for n in range(20):
        case.add(line(id=f"c{n:03}", stage=RULES.stages["closed"], time=n))
    assert len(case.lines) == 248  # which keeps it
    for n in range(8):
        case.add(router_line(f"d{n}", "dispatched", f"r{n:03}"))
    assert len(case.lines) == 256
    big = opened()
    for n in range(4):
        big.add(line(id=f"i{n}", attributes=("x" * 15000,) + NONE[1:]))
    assert len(big.lines) == 5 and big.bytes <= 48 * 1024


def test_a_line_enters_with_the_room_for_its_answers():
    case, stages = opened(), RULES.stages
    for n in range(235):
        case.add(line(id=f"c{n:03}", stage=stages["contacted"], time=n))
    sizes = []
    for said in (line(id="a1", stage=stages["assigned"], time=300), line(id="a2", stage=stages["assigned"], time=300),
                 line(id="c1", stage=stages["contacted"], time=300), router_line("r1", "recalled", "a1"),
                 line(id="c2", stage=stages["contacted"], time=300), router_line("d1", "dispatched", "a1"),
                 router_line("r2", "recalled", "a1")):
        case.add(said)
        sizes.append(len(case.lines))
    assert sizes == [238, 238, 238, 239, 239, 240, 240]


def test_a_case_without_its_opening_keeps_room_for_it():
    case = CaseSet(RULES.kinds["request"])
    for n in range(300):
        case.add(line(id=f"c{n:03}", stage=RULES.stages["contacted"], time=n))
    assert len(case.lines) == 237
    for said in (router_line("q", "escalated", "c000"), line(id="o", stage=RULES.stages["opened"]), router_line("d", "dispatched", "o")):
        case.add(said)
    assert len(case.lines) == 240


def test_java_places_keys_the_same_way():
    assert murmur2(b"21") == 0xFFFFFFFF & -973932308 and murmur2(b"foobar") == 0xFFFFFFFF & -790332482
    assert murmur2(b"a-little-bit-long-string") == 0xFFFFFFFF & -985981536
    assert zone_minutes("Asia/Shanghai") == 480 and zone_minutes("-03:30") == -210


# --- the note that the aggregator tells of ---


@pytest.fixture(scope="module")
def reader():
    spec = importlib.util.spec_from_file_location("verify_main", ROOT / "tools/verify/__main__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_progress_is_drawn_no_more_behind_a_fault(reader):
    with pytest.raises(reader.Refused), reader.Progress("log -> sets", 4) as progress:
        raise reader.Refused(reader.UNAVAILABLE, "gone")
    assert not progress.pulse.is_alive()
    with reader.Progress("log -> sets", 4) as progress:
        progress.end("nothing")


def test_a_note_is_of_a_whole_recount(reader, capsys):
    assert reader.read_arguments(["--note", "x"]).cells and reader.read_arguments(["--note", "x", "--cases", "--cells"]).cases
    for part in ("--cases", "--cells"):
        with pytest.raises(SystemExit) as left:
            reader.read_arguments(["--note", "x", part])
        assert left.value.code == 64 and "--note is of a whole recount" in capsys.readouterr().err


def test_room_for_a_note_is_made_before_the_recount(reader, tmp_path, capsys):
    reader.make_room_for_note(str(tmp_path / "run/notes/verified.json"))
    assert (tmp_path / "run/notes").is_dir()
    (tmp_path / "file").write_text("")
    assert reader.main(["--note", str(tmp_path / "file/notes/verified.json"), "--config", str(tmp_path / "nowhere")]) == 78
    assert "fix: name a file in a folder we may write" in capsys.readouterr().err  # nothing else was looked at


def test_a_note_is_there_as_a_whole_or_not_at_all(reader, tmp_path):
    note = tmp_path / "verified.json"
    reader.leave_note(str(note), 1796000000.25, 3)
    reader.leave_note(str(note), 1796000001.5, 0)
    assert json.loads(note.read_text()) == {"at_ms": 1796000001500, "differences": 0}
    assert [path.name for path in tmp_path.iterdir()] == ["verified.json"]
    with pytest.raises(reader.Refused) as refused:
        reader.leave_note(str(tmp_path / "no/folder/x"), 1.0, 0)
    assert refused.value.args[0] == 78 and "fix: " in refused.value.args[1]


def test_who_holds_a_lock_is_a_sentence():
    row = (7, True, "core.case_set", "amy", "psql", False, "10.0.0.9", "idle in transaction", "2026-03-02 18:00:00", None)
    assert sentence(*row) == "core.case_set is locked by pid 7 (user amy, application psql, from 10.0.0.9, idle in transaction since " \
        "2026-03-02 18:00:00+08:00)"
    assert sentence(*row[:5], True, None, None, None, None).endswith("(user amy, application psql, since when only an administrator is told)")
    assert sentence(7, False, *row[2:9], "4, 5").startswith("core.case_set is asked for before us by pid 7 ") \
        and sentence(7, False, *row[2:9], "4, 5").endswith(", which waits for pid 4, 5")
