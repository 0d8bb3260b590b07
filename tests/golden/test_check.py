# SPDX-License-Identifier: Apache-2.0
"""`citybrain check`: a slip in any file of a configuration is found at its place; and how the command refuses and
shows what it is asked, without a daemon."""
import json
import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug") / "citybrain"


def citybrain(*words):
    return subprocess.run([BINARY, *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.fixture
def config(tmp_path):
    """The shipped configuration, to be changed."""
    return Path(shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("cases")))


def check(config, *words):
    return citybrain("check", "--config", config, *words)


def change(path, right, wrong):
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong))


def line_of(path, words):
    text = path.read_text()
    return text[:text.index(words)].count("\n") + 1


def assert_one_warning(done, place, says):
    """And no error; nothing at all where it says nothing."""
    assert done.returncode == 0, done.stdout
    if says is None:
        assert done.stdout == ""
        return
    assert done.stdout.startswith(f"{place}:") and f": warning: {says}" in done.stdout
    assert done.stdout.count("\n") == 1 and "; fix: " in done.stdout


def test_the_shipped_configuration_is_right():
    done = citybrain("check", "--on", "2026-06-01")
    assert (done.returncode, done.stdout) == (0, "")
    assert re.fullmatch(r"check: 0 errors, 0 warnings; bundle [\w-]{22}\n", done.stderr)


def test_names_of_fields_are_of_fields_there_are(config):
    fields = config / "registries/fields.csv"
    fields.write_text("code,name,name_en\nline,条线,line\nline:卫计,卫生计生,health\n")
    assert check(config, "--on", "2026-06-01").stdout == ""
    fields.write_text("code,name,name_en\nline,条线,line\nrisk:1,高,high\n")
    done = check(config, "--on", "2026-06-01")
    assert done.returncode == 78 and done.stdout.startswith(f"{fields}:3:1: error: code cannot be \"risk:1\"; fix: a field of codes.csv")


def test_names_of_fields_saved_as_gbk_are_refused_by_check_and_by_the_daemons_alike(config):
    """Once, and by the router too: else the bundle comes into force, and the page loses the names in silence."""
    fields = config / "registries/fields.csv"
    fields.write_bytes("code,name,name_en\nline,条线,line\n".encode("gb18030"))
    finding = f"{fields}:2:6: error: "
    done = check(config, "--on", "2026-06-01")
    assert done.returncode == 78 and done.stdout.startswith(finding) and done.stdout.count("\n") == 1
    assert "is no UTF-8" in done.stdout and "; fix: save the file as UTF-8" in done.stdout
    for name in "router", "aggregator":
        words = [BINARY.parent / f"citybrain-{name}", "--check", "--config", config / f"{name}.yaml",
                 "--set", f"bundle.config_dir={config}"]
        done = subprocess.run(list(map(str, words)), cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 78 and finding in done.stdout + done.stderr, name


SECRET = "5ec2e7" * 11


@pytest.mark.parametrize("wrong, col, cause", [
    (f"{SECRET},feed,hotline\n", 1, "not a token of at least 8 bytes"),
    (f"hotline-desk,{SECRET},feed,source\n", 14, "the second cell is no kind"),
    (f"demo-swapped,feed,{SECRET},source\n", 19, "there is no feed of this name"),
    ("demo-dorf,feed,\u6751\u5c45,source\n".encode("gb18030"), 16, "is no UTF-8")])
def test_a_broken_token_is_found_before_the_daemon_and_never_told(config, wrong, col, cause):
    """The shipped ingest.yaml names them and does not let them in."""
    tokens = config / "tokens.csv"
    lines = tokens.read_bytes().count(b"\n")
    with tokens.open("ab") as out:
        out.write(wrong if isinstance(wrong, bytes) else wrong.encode())
    done = check(config, "--on", "2026-06-01")
    assert done.returncode == 78 and done.stdout.count("\n") == 1
    assert done.stdout.startswith(f"{tokens}:{lines + 1}:{col}: error: ") and cause in done.stdout and "; fix: " in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_keys_and_tokens_are_read_where_the_settings_name_them(config, tmp_path):
    """Once, though two daemons name the file; and none that is not there: it is the daemon's to miss."""
    keys, tokens = tmp_path / "keys.csv", tmp_path / "who.csv"
    change(config / "ingest.yaml", 'keys: ""', f"keys: {keys}")
    change(config / "ingest.yaml", "tokens: config/tokens.csv", f"tokens: {tokens}")
    change(config / "aggregator.yaml", 'tokens: ""', f"tokens: {tokens}")
    keys.write_text(f"station,key,kind,names,party,secret\nst001,k1,feed,hotline,source,{SECRET}\n")
    keys.chmod(0o600)
    tokens.write_text(f"{SECRET},boss,all,\n")
    done = check(config, "--json")
    places = [json.loads(line)["place"] for line in done.stdout.splitlines() if '"level":"error"' in line]
    assert done.returncode == 78 and places == [f"{keys}:2:1", f"{tokens}:1:{len(SECRET) + 2}"]
    assert SECRET not in done.stdout + done.stderr
    keys.unlink(), tokens.unlink()
    done = check(config)
    assert done.returncode == 78 and f"{keys}: error: cannot be read" in done.stdout  # by citybrain-ingest, as before


def test_the_end_of_the_calendar_is_told_sixty_days_before():
    assert citybrain("check", "--on", "2026-11-01").stdout == ""
    done = citybrain("check", "--on", "2026-11-02")
    assert done.returncode == 0 and done.stderr.startswith("check: 0 errors, 1 warning; bundle ")
    assert done.stdout.startswith("config/registries/calendar.csv:") and ": warning: " in done.stdout
    assert "2027, which begins soon; fix: add" in done.stdout
    assert "which has begun" in citybrain("check", "--on", "2027-01-01").stdout


@pytest.mark.parametrize("file, right, wrong, says", [
    ("feeds/hotline.yaml", "zone: Asia", "zoen: Asia", "did you mean zone"),
    ("feeds/hotline.yaml", "stage: resolved", "stage: resolvd", "no stage resolvd"),
    ("feeds/hotline.yaml", "date: [\"%Y-%m", "date: [\"%Y-%B", 'no date can be read by "%Y-%B'),
    ("feeds/hotline.yaml", "owner: desk", "owner: dsek", 'no unit "dsek" to own this feed'),
    ("triggers/cluster.yaml", "stage: opened", "stage: opend", 'kind request has no stage "opend"'),
    ("triggers/cluster.yaml", "within: 7d }", "within: 7 }", "within"),
    ("triggers/cluster.yaml", "{community}", "{comunity}", "did you mean {community}?"),
    ("triggers/heating_season.yaml", "type_code: R0201 }", "type_code: R0299 }", 'no type "R0299"'),
    ("triggers/rain_on_past_points.yaml", "observation: weather_alert", "observation: weather_alrt",
     'no feed tells an observation "weather_alrt"; fix: did you mean weather_alert?'),
    ("triggers/outage_notice.yaml", "cause: planned", "cuase: planned",
     'has a field "cuase"; fix: did you mean cause?'),
    ("triggers/outage_notice.yaml", "[community_code, sort]", "[comunity_code, sort]",
     'it groups by "comunity_code", which its observation does not have; fix: did you mean community_code?'),
    ("triggers/station_queue.yaml", "field: waiting", "field: waitng",
     'it measures "waitng", which its observation does not have; fix: did you mean waiting?'),
    ("triggers/cluster.yaml", "caller_ref: 2", "caler_ref: 2", "asks a case for caler_ref, which no case keeps; fix: did you mean caller_ref? Else add it to codes.csv"),
    ("rules/dispatch.yaml", "type_level: utility,", "type_levle: utility,", "did you mean type_level"),
    ("rules/dispatch.yaml", "type_level: utility, place: known", "type_level: utilty, place: known",
     'type_level cannot be "utilty"'),
    ("rules/dispatch.yaml", "type_code: R1905", "type_code: R19O5", 'cannot be "R19O5"; did you mean R1905'),
    ("rules/dispatch.yaml", "type_code: R1905", "type_group: R19", "type_under: CODE is a type and all below it"),
    ("rules/dispatch.yaml", "place: outside", "place: outsid", 'place cannot be "outsid"'),
    ("rules/dispatch.yaml", "flags: legal", "flags: { from: 1 }", "flags cannot be asked so"),
    ("rules/dispatch.yaml", "flags: legal", "flags: []", "a list of nothing matches nothing"),
    ("rules/dispatch.yaml", "flags: legal", "round: { from: 3, to: 2 }", "from is not before to"),
    ("rules/dispatch.yaml", "lead: d_petition", "lead: d_petitoin", 'no unit "d_petitoin"; did you mean d_petition'),
    ("rules/dispatch.yaml", "lead: d_petition", 'lead: "110105001901"', "and a community never leads"),
    ("rules/dispatch.yaml", "lead: d_petition", 'lead: "110105001"', '"110105001" is the place, not its office'),
    ("rules/dispatch.yaml", "lead: d_petition", "lead: { street: place }", "this names no owner"),
    ("rules/dispatch.yaml", "utility_of: [type_code, place]", "utility_of: type_code", "by a type and a place"),
    ("rules/dispatch.yaml", "disposition: educate", "disposition: eductae", "did you mean educate"),
    ("rules/dispatch.yaml", "desk_cause: two_leads", "desk_cause: two_lead",
     'the desk is not asked "two_lead"; did you mean two_leads'),
    ("rules/dispatch.yaml", "由{lead}劝导教育", "由{laed}劝导教育", "nothing fills in {laed}; did you mean lead"),
    ("rules/dispatch.yaml", "days: 2, clock: working", "days: 2, clock: workin", "no such clock"),
    ("rules/dispatch.yaml", "09:00-12:00", "9-12", '"9-12 13:00-18:00" are no hours of a day'),
    ("rules/dispatch.yaml", "- id: city", "- id: legal", "another entry has the id legal"),
    ("rules/dispatch.yaml", "    when: { type_level: city }\n", "    valid_to: 2026-02-01\n    valid_from: 2026-02-01\n",
     "valid_to is not after valid_from"),
    ("rules/dispatch.yaml", '- id: utility_here\n    name: { zh: "专业公司,属地配合", en: "a utility, with the street" }\n    when: { type_level: utility,',
     '- id: utility_here\n    when: { type_level: city,', "entry utility_here is never come to: city before it"),
    ("rules/dispatch.yaml", "- id: fallback\n", "- id: fallback\n    when: { type_level: street }\n",
     "no entry matches type_level transfer, place unknown (say type_code R19)"),
    ("rules/dispatch.yaml", "- id: fallback\n", "- id: fallback\n    valid_from: 2026-03-01\n",
     "place unknown (say type_code R0105), on 2026-02-28"),
    ("rules/dispatch.yaml", "hours: 24, clock: natural }", "hours: 24, clock: working }",
     "utilities answer day and night, and R02 has class 24h of working time"),
    ("rules/dispatch.yaml", "name: { zh: 市级单位,", "nmae: { zh: 市级单位,", "did you mean name"),
    ("rules/dispatch.yaml", "zh: 7天, en: 7 days", "zh: 7天", "has no en"),
    ("rules/dispatch.yaml", "name: { zh: 7天, en: 7 days }", 'name: " "', "the name is empty"),
    # wherever there is a name it is one text, or one in each language
    ("kinds/service.yaml", "zh: 社区公共服务事项, en: Community services", "zh: 社区公共服务事项", "has no en"),
    ("views/closure_rate.yaml", "name: { zh: 办结率, en: Closure rate }\nof", "name: { zh: 办结率, fr: Taux }\nof", 'unknown key fr'),
    ("views/closure_rate.yaml", "{ zh: 受理, en: Opened }", "''", "the name is empty"),
    ("triggers/cluster.yaml", "en: Many of one estate", "en: ''", "the name is empty"),
    ("feeds/hotline.yaml", "{ zh: 热线工单, en: Hotline orders }", "[热线]", "name"),
    ("type_groups.yaml", "{ zh: 供暖, en: Heating }", "' '", "the name is empty"),
    ("registries/utility_areas.csv", "R0203@110105,u_water", "R0203@110105,u_watr", 'unit cannot be "u_watr"'),
    ("registries/utility_areas.csv", "R0203@110105,", "R0203@110106,", 'code cannot be "R0203@110106"'),
    ("registries/admissions.csv", "R0105,", "R0195,", 'code cannot be "R0195"'),
    ("rules/dispatch.yaml", "hours: 24,", "hours: 24h,", "hours cannot be 24h"),
    ("rules/dispatch.yaml", "class: 7d", "class: 8d", 'no limit class "8d"'),
    ("views/closure_rate.yaml", "[closed, opened]", "[closd, opened]", '"closd" is no count'),
    ("topics.yaml", "partitions: 12", "partitions: twelve", "twelve"),
    ("type_groups.yaml", "types: [R0201, R0202]", "types: [R0201, R02O2]", 'no type "R02O2"; fix: use a code of registries/request_types.csv'),
    ("type_groups.yaml", "heating: ", "R0201: ", '"R0201" names no group'),
    ("registries/stations.csv", "code,name", "cod,name", "name a column `code`"),
    ("registries/stations.csv", "platform,4h,", "platfrom,4h,", 'family "platfrom" is no feed'),
    ("registries/stations.csv", ",4h,", ",4hours,", 'cadence cannot be "4hours"'),
    ("registries/stations.csv", ",1-5 09:00-17:30", ",1-5 9-17", 'hours cannot be "1-5 9-17"'),
    ("registries/calendar.csv", "2026-10-01,holiday", "2026-10-32,holiday", '"2026-10-32" is no date'),
    ("registries/calendar.csv", "2026-10-10,workday", "2026-10-10,work", 'kind cannot be "work"'),
    ("registries/stations.csv", "st001,梅裕苑社区服务站,110105001905,", "st001,梅裕苑社区服务站,110105001999,",
     'community_code cannot be "110105001999"'),
    ("registries/stations.csv", "st001,梅裕苑社区服务站,110105001905,110105001,", "st001,梅裕苑社区服务站,110105001905,110105001905,",
     "street_code cannot be \"110105001905\"; fix: a street's code of divisions.csv"),
    ("registries/stations.csv", "st001,梅裕苑社区服务站,110105001905,110105001,110105001905", "st001,梅裕苑社区服务站,110105001905,110105001,110105001",
     'communities cannot be "110105001"'),
    ("registries/request_types.csv", "食品安全与餐饮卫生,区市场监管局,district,7d", "食品安全与餐饮卫生,区市场监管局,distrikt,7d",
     'level cannot be "distrikt"'),
    ("registries/request_types.csv", "食品安全与餐饮卫生,区市场监管局,district,7d", "食品安全与餐饮卫生,区市场监管局,district,8d",
     'limit_class cannot be "8d"'),
    ("registries/request_types.csv", "district,7d,d_market", "district,7d,d_markt", 'unit cannot be "d_markt"'),
    ("registries/units.csv", ",street,lead,s110105001,", ",street,leed,s110105001,", 'party_default cannot be "leed"'),
    ("registries/units.csv", "c_120,急救机构", "all,急救机构", 'no unit can be called "all": the role dash_all is of those who read everything'),
    ("registries/units.csv", "c_120,急救机构", '"c,120",急救机构', 'no unit can be called "c,120": a comma stands between codes'),
    ("registries/units.csv", "c_120,急救机构", "c" * 59 + ",急救机构", "a role of PostgreSQL has a shorter name"),
    ("registries/divisions.csv", "community,110105001904,", ",110105001904,", "level is empty; fix: district, street"),
    ("registries/divisions.csv", "street,110105001,110105,", "street,110105001,110104,",
     'parent_code cannot be "110104"'),
    ("ingest.yaml", "tick_every: 30s", "tick_every: 30x", 'ingest.tick_every cannot be "30x"'),
    ("router.yaml", "transaction_timeout: 10s", "transaction_timeout: ten", 'transaction_timeout cannot be "ten"'),
    ("aggregator.yaml", "daemon:", "demon:", "demon"),
    ("router.yaml", "max_age: 30d", "max_age: 30dd", "max_age is no duration: 30dd"),
])
def test_a_slip_is_found_at_its_place(config, file, right, wrong, says):
    path = config / file
    place = f"{path}:{line_of(path, right)}:"
    change(path, right, wrong)
    done = check(config)
    found = [line for line in done.stdout.splitlines() if line.startswith(place)]
    assert done.returncode == 78 and says in done.stdout
    assert found and all("; fix: " in line for line in found)


def test_a_helper_is_told_by_a_stage_that_the_router_may_say(config):
    """And an entry that asks for no kind is for those that have it."""
    rules, kind = config / "rules/dispatch.yaml", config / "kinds/proactive.yaml"
    helped = "  - { id: helped, when: { kind: proactive }, then: { lead: d_market, co: [d_fire], say: 甲 } }\n"
    change(rules, "  - id: emergency_119", helped + "  - id: emergency_119")
    assert check(config).returncode == 0
    change(kind, "co_assigned:      { rank: 50, by: [desk, router],", "co_assigned:      { rank: 50, by: [desk],")
    done = check(config)
    place = f"{rules}:{line_of(rules, helped)}:{helped.index('[d_fire]') + 1}"
    assert done.returncode == 78
    assert (f"{place}: error: entry helped makes the router say co_assigned, who may not in kind proactive; "
            "fix: add router to the by: of co_assigned in kinds/proactive.yaml, or use copy:") == done.stdout.splitlines()[0]
    change(rules, "kind: proactive }, then: { lead: d_market, co", "type_code: R0105 }, then: { lead: d_market, co")
    assert check(config).returncode == 0


def test_a_rule_is_for_a_kind_that_the_router_may_dispatch(config):
    """And one that names no kind, or says which it is not for, is for those that have the stage."""
    rules, kind = config / "rules/dispatch.yaml", config / "kinds/proactive.yaml"
    own = "  - { id: own, when: { kind: proactive }, then: { lead: d_market, say: 甲 } }\n"
    change(rules, "  - id: emergency_119", own + "  - id: emergency_119")
    assert check(config).returncode == 0
    text = kind.read_text()
    begin = text.index("  dispatched:")
    by = text.index("by: [", begin)
    kind.write_text(text[:by] + text[by:].replace("router", "source", 1))
    done = check(config)
    place = f"{rules}:{line_of(rules, own)}:{own.index('own,') + 1}"
    assert done.returncode == 78
    assert (f"{place}: error: entry own dispatches kind proactive, where the router may not say dispatched; "
            "fix: add router to the by: of dispatched in kinds/proactive.yaml") in done.stdout.splitlines()
    kind.write_text(text)
    for asked in ("{ kind: { not: request } }", "{ type_code: R0105 }"):
        change(rules, "{ kind: proactive }", asked)
        assert check(config).returncode == 0
        change(rules, asked, "{ kind: proactive }")


def test_a_helper_of_an_entry_without_a_kind_is_warned_of_where_it_meets_one_without_the_stage(config):
    rules, kind = config / "rules/dispatch.yaml", config / "kinds/proactive.yaml"
    change(kind, "co_assigned:      { rank: 50, by: [desk, router],", "co_assigned:      { rank: 50, by: [desk],")
    co = "co: [{ unit_of: type_code }]"
    line = rules.read_text().splitlines()[line_of(rules, co) - 1]
    done = check(config, "--on", "2026-06-01")
    assert_one_warning(done, f"{rules}:{line_of(rules, co)}:{line.index(co) + 6}", "entry ")
    assert " asks for no kind, so it is for kind proactive too, where the router may not say co_assigned" in done.stdout
    # and one that leaves out others alone does ask for kinds
    text = rules.read_text()
    entry = line_of(rules, co) - 1
    while "when:" not in text.splitlines()[entry]:
        entry -= 1
    change(rules, text.splitlines()[entry], text.splitlines()[entry].replace("when: {", "when: { kind: { not: service },", 1))
    done = check(config, "--on", "2026-06-01")
    assert " leaves out some kinds and not this one, so it is for kind proactive too, where the router may not" in done.stdout, done.stdout
    rules.write_text(text)
    # an entry of the kind's own that stands above leaves it nothing
    change(rules, "  - id: emergency_119", "  - { id: own, when: { kind: proactive }, then: { lead: d_market, say: 甲 } }\n  - id: emergency_119")
    assert_one_warning(check(config, "--on", "2026-06-01"), None, None)


def test_a_rule_asks_for_what_a_case_keeps(config):
    rules = config / "rules/dispatch.yaml"
    change(config / "codes.csv", "field,2,flags", "field,2,flegs")
    done = check(config)
    assert done.returncode == 78
    assert f"{rules}:{line_of(rules, 'flags: fire')}:" in done.stdout
    assert "a case does not keep its flags; fix: add a row" in done.stdout


@pytest.mark.parametrize("more, says", [
    # each is right alone; together the order of the file decides what both name
    ("""  - { id: a, when: { type_code: [R0101, R0102] }, then: { lead: d_market, say: 甲 } }
  - { id: b, when: { type_code: [R0102, R0103] }, then: { lead: d_commerce, say: 乙 } }
""", "entries a and b both match some orders and name different leads"),
    # handed over, and not on one day
    ("""  - { id: a, valid_to: 2026-03-01, when: { type_code: R0101 }, then: { lead: d_market, say: 甲 } }
  - { id: b, valid_from: 2026-02-01, when: { type_code: R0101 }, then: { lead: d_commerce, say: 乙 } }
""", "entries a and b both match"),
    ("""  - { id: a, valid_to: 2026-03-01, when: { type_code: R0101 }, then: { lead: d_market, say: 甲 } }
  - { id: b, valid_from: 2026-03-01, when: { type_code: R0101 }, then: { lead: d_commerce, say: 乙 } }
""", None),
    # the exception stands before the rule
    ("""  - { id: a, when: { type_code: R0101 }, then: { lead: d_commerce, say: 甲 } }
  - { id: b, when: { type_code: [R0101, R0102] }, then: { lead: d_market, say: 乙 } }
""", None),
    # the same unit either way
    ("""  - { id: a, when: { type_code: [R0101, R0102] }, then: { lead: d_market, say: 甲 } }
  - { id: b, when: { type_code: [R0102, R0103] }, then: { lead: d_market, class: 24h, say: 乙 } }
""", None),
    ("  - { id: b, when: { type_code: R0203, type_level: street }, then: { to: desk, say: 乙 } }\n",
     "entry b can match no order"),
])
def test_two_rules_that_disagree_are_told(config, more, says):
    path, front = config / "rules/dispatch.yaml", "  - id: emergency"
    place = f"{path}:{line_of(path, front) - 1 + more.count(chr(10))}"
    path.write_text(path.read_text().replace(front, more + front, 1))
    done = check(config, "--on", "2026-06-01")
    if says and "both match" in says:
        assert done.returncode == 78 and done.stdout.startswith(f"{place}:") and f": error: {says}" in done.stdout
        assert done.stdout.count("; fix: ") == 1
    else:
        assert_one_warning(done, place, says)


@pytest.mark.parametrize("file, right, wrong, asks, says", [
    ("feeds/hotline.yaml", "涉密: secret", "涉密: secrt", "flags: secret", "no feed gives the flag secret"),
    ("rules/dispatch.yaml", "flags: unlawful", "flags: unlawfull", "flags: unlawfull", "no feed gives the flag unlawfull"),
    ("registries/units.csv", "区信访办,department,lead,d_petition,,", "区信访办,department,lead,d_petition,,2026-06-01",
     "lead: d_petition", 'unit "d_petition" of entry legal does not hold any more'),
    ("registries/units.csv", "区信访办,department,lead,d_petition,,", "区信访办,department,lead,d_petition,,2026-06-02", None, None),
])
def test_what_a_rule_waits_for_in_vain_is_warned_of(config, file, right, wrong, asks, says):
    rules = config / "rules/dispatch.yaml"
    change(config / file, right, wrong)
    assert_one_warning(check(config, "--on", "2026-06-01"), f"{rules}:{line_of(rules, asks)}" if asks else None, says)


CROSS = "when: { cross_street: true }"


@pytest.mark.parametrize("file, right, wrong, mark, says, fix", [
    ("triggers/outage_notice.yaml", "cause: planned", "cause: planed", "planed", 'no feed gives cause the value "planed"', "did you mean planned?"),
    ("triggers/rain_on_past_points.yaml", "[yellow, orange, red]", "[yellow, ornage, red]", "[yellow", 'no feed gives level the value "ornage"', "orange?"),
    ("triggers/rain_on_past_points.yaml", "type_code: R1301 }", "type_code: R1301, flags: emergancy }", "emergancy", "no feed gives the flag emergancy", "did you mean emergency?"),
    ("views/repeat.yaml", "flags: again", "flags: agian", "agian", "no feed gives the flag agian", "did you mean again?"),
    ("views/service_items.yaml", CROSS, "when: { line: xyz }", "xyz", 'no feed gives line the value "xyz"', "spell it as a feed does, or let one give it"),
    ("views/service_items.yaml", CROSS, "when: { line: { not: [labour, helth] } }", "{ not", 'no feed gives line the value "helth"', "did you mean health?"),
    ("views/service_items.yaml", CROSS, "when: { station: anything }", None, None, None),  # as it came: any may be
    ("views/repeat.yaml", "flags: again", "type_code: R01O5", "R01O5", 'view repeat asks for "R01O5", which is in no row of registries/request_types.csv', "did you mean R01"),
    ("views/repeat.yaml", "flags: again", "unit: d_urbn", "d_urbn", 'view repeat asks for "d_urbn", which is in no row of registries/units.csv', "did you mean d_urban?"),
    ("views/repeat.yaml", "flags: again", 'street_code: "110105999"', '"110105999"', 'view repeat asks for "110105999", which is in no row of registries/divisions.csv', "registries/divisions.csv"),
])
def test_a_value_that_nobody_gives_is_warned_of(config, file, right, wrong, mark, says, fix):
    """docs/decisions/0384."""
    change(config / file, right, wrong)
    done, text = check(config, "--on", "2026-06-01"), (config / file).read_text()
    column = mark and len(text[:text.index(mark)].rpartition("\n")[2]) + 1
    assert_one_warning(done, mark and f"{config / file}:{line_of(config / file, mark)}:{column}", says)
    assert not fix or fix in done.stdout.partition("; fix: ")[2]


UPHELD = "count: upheld, by: upheld }"


def test_decisions_that_upheld_a_dispute_are_counted_each(config):
    """docs/decisions/0386: the list of cases has each of them, a stage the first of a round."""
    dispute = config / "views/dispute.yaml"
    change(dispute, UPHELD, 'count: dispute_decided, by: dispute_decided, when: { upheld: "true" } }')
    line = dispute.read_text().splitlines()[line_of(dispute, "upheld_in") - 1]
    for upgrade in [], ["--upgrade", "--release", ROOT / "config"]:
        done = check(config, "--on", "2026-06-01", *upgrade)
        found = [one for one in done.stdout.splitlines() if ": warning: " in one]
        assert done.returncode == 0 and len(found) == 1, done.stdout
        assert found[0].startswith(f"{dispute}:{line_of(dispute, 'upheld_in')}:{line.index('dispute_decided') + 1}: ")
        assert "fix: say `count: upheld, by: upheld` without that condition (docs/decisions/0386)" in found[0]
    change(dispute, 'when: { upheld: "true" } }', 'when: { upheld: "false" } }')
    assert_one_warning(check(config, "--on", "2026-06-01"), None, None)


@pytest.mark.parametrize("stage, counts_as, measure, word, says", [
    ("done", "resolution", "{ count: done }", "done", '"done" is a moment of its own here, not the stage done of kind service'),
    ("upheld", None, "{ count: upheld, by: upheld }", "upheld", '"upheld" is a moment of its own here, not the stage upheld of kind service'),
    ("closed", None, "{ count: opened, by: closed }", "closed", '"closed" is a moment of its own here, not the stage closed of kind service'),
    ("response", "resolution", "{ count: response }", "response", '"response" is a moment of its own here, not the stage response'),
    ("closed", "closure", "{ count: closed }", None, None),
    ("response", "response", "{ count: response }", None, None),
    ("matter", None, "{ count: opened }", None, None),
])
def test_a_moment_that_hides_a_stage_of_its_name_is_warned_of(config, stage, counts_as, measure, word, says):
    if stage != "closed":
        with open(config / "codes.csv", "a", encoding="utf-8") as codes:
            codes.write(f"stage,501,{stage}\n")
    counts = f", counts_as: {counts_as}" if counts_as else ""
    change(config / "kinds/service.yaml", "stages:\n", f"stages:\n  {stage}: {{ rank: 60, by: [source], after: [opened]{counts} }}\n")
    view = config / "views/own.yaml"
    section = "flow" if "by:" in measure else "measures"
    view.write_text(f"view: own\nof: {{ kind: service }}\ngroup: [unit]\n{section}:\n  told: {measure}\n")
    done = check(config, "--on", "2026-06-01")
    found = [line for line in done.stdout.splitlines() if line.startswith(f"{view}:")]  # shipped views ask for done, too
    assert done.returncode == 0 and len(found) == (measure.count(word) if word else 0), done.stdout
    if word:
        assert found[0].startswith(f"{view}:5:{len('  told: ') + measure.index(word) + 1}: warning: {says}") and "; fix: " in found[0]


ITEM = "type_code:      { from: 事项编码, required: true }"


@pytest.mark.parametrize("name", ["service_items", "request_types"])
def test_a_registry_that_cannot_be_read_is_one_finding(config, name):
    """And no warning of the codes that nobody has because of it."""
    change(config / "feeds/platform.yaml", ITEM, "type_code:      { const: REP-WJ-001 }")
    assert check(config, "--on", "2026-06-01").stdout == ""
    path = config / f"registries/{name}.csv"
    path.write_bytes(path.read_text().encode("gb18030"))
    done = check(config, "--on", "2026-06-01")
    assert done.returncode == 78 and done.stdout.startswith(f"{path}:") and "is no UTF-8" in done.stdout
    assert done.stdout.count("\n") == 1, done.stdout


@pytest.mark.parametrize("wrong, mark, says, fix", [
    ("type_code:      { const: REP-WJ-0O1 }", "type_code:      { const: REP", 'const: gives the type_code "REP-WJ-0O1", which no registry has', "did you mean REP-WJ-001? Else "),
    ("type_code:      { from: 事项编码, table: types }", "R01O5", 'table types gives the type_code "R01O5", which no registry has', "did you mean R0105? Else "),
    ("type_code:      { const: REP-WJ-001 }", None, None, None),
    ("type_code:      { const: R0105 }", None, None, None),
])
def test_a_type_of_another_kind_that_no_registry_has_is_warned_of(config, wrong, mark, says, fix):
    path = config / "feeds/platform.yaml"
    change(path, ITEM, wrong)
    if "table" in wrong:
        change(path, "    tables:\n", "    tables:\n      types: { 甲: R0105, 乙: R01O5, 丙: REP-WJ-001 }\n")
    done, text = check(config, "--on", "2026-06-01"), path.read_text()
    column = mark and len(text[:text.index(mark)].rpartition("\n")[2]) + 1
    assert_one_warning(done, mark and f"{path}:{line_of(path, mark)}:{column}", says)
    assert not fix or fix in done.stdout.partition("; fix: ")[2]


@pytest.mark.parametrize("words, says", [
    (["check", "extra"], 'what is "extra"'),
    (["check", "--on", "soon"], '--on "soon" is no date like 2026-10-01'),
    (["check", "--jsno"], "--jsno is no option"),
    (["send", "--step"], "--step is no option of it, or lacks its value"),
    (["gen", "--seed"], "--seed is no option of it, or lacks its value"),
    (["views", "show", "closure_rate", "--bye", "unit"], "--bye is no option"),
    (["views", "show", "closure_rate", "--by", "unit day"], '"unit day" is no name'),
    (["views", "show", "closure_rate", "--set", "a=b"], "--set is of views apply"),
    (["views", "apply", "closure_rate"], '"closure_rate" is no option of it'),
    (["views", "apply", "--from-log"], "--from-log is no option of it"),
    (["views", "apply", "--drop", "--execute"], "--execute or --drop, not both"),
    (["rebuild", "--all"], "--all is no option of it"),
    (["rebuild", "closure_rate"], '"closure_rate" is no option of it'),
])
def test_a_wrong_word_is_named_once(words, says):
    done = citybrain(*words)
    assert done.returncode == 64 and done.stdout == ""
    assert says in done.stderr and len(done.stderr.splitlines()) == 2
    assert done.stderr.endswith(f"see: citybrain {' '.join(words[:1 + (words[1] == 'apply')])} --help\n")


NOBODY = {"CITYBRAIN_PG": "host=127.0.0.1 port=1 dbname=citybrain user=citybrain", "CITYBRAIN_BROKERS": "127.0.0.1:1"}


@pytest.mark.parametrize("words", [["rebuild"], ["views", "apply"]])
def test_the_aggregators_verbs_take_options_in_every_form(words, config, monkeypatch):
    """They are read twice, by the command and by the daemon's program: a folder in the other form was passed over."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    for form in (["--config=/nowhere"], ["--conf", "/nowhere"], ["--config", "/nowhere"]):
        done = citybrain(*words, *form)
        assert done.returncode == 78 and done.stderr.startswith("/nowhere/aggregator.yaml: error: "), done.stderr
    done = citybrain(*words, "--config", config, "--exec", "--as=A", "--reason=B")
    assert done.returncode == 69 and "PostgreSQL: connection to server" in done.stderr, done.stderr
    assert done.stderr.endswith("; fix: start it, or name another by $CITYBRAIN_PG\n")


@pytest.mark.parametrize("words", [["replay", "--from", "2026-03-06", "--to", "2026-03-07"], ["dead", "ls"],
                                   ["dead", "redrive"], ["dead", "purge", "--code", "bad_date"]])
def test_where_no_broker_answers_it_is_said_what_to_do(words, monkeypatch):
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    done = citybrain(*words)
    assert done.returncode == 69 and done.stderr.endswith("; fix: start the brokers, or name them by --brokers\n"), done.stderr


def test_a_table_is_aligned_in_a_terminal_and_in_tabs_elsewhere():
    words = [BINARY, "try", "config/feeds/cases/hotline_csv/one_order_several_events/input.csv", "--feed",
             "hotline_csv", "--view", "closure_rate", "--by", "unit"]
    ours, its = pty.openpty()
    with subprocess.Popen(words, cwd=ROOT, stdout=its, stderr=subprocess.DEVNULL) as process:
        os.close(its)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
        assert process.wait(60) == 0
    os.close(ours)
    rows = [line for line in shown.decode().splitlines() if line[:1] in "sdu"]
    rows = [line for line in rows if "\t" not in line and "  " in line and not line.startswith("decisions")]
    assert len(rows) > 1 and rows[0].split()[:5] == ["unit", "opened", "closed", "rate", "closed_in"]
    assert len({len(line) for line in rows}) == 1  # the last column is a number, to the right
    plain = citybrain(*words[1:]).stdout.splitlines()
    assert [line.split("\t") for line in plain if "\t" in line] == [line.split() for line in rows]


def test_pseudonyms_need_a_key_from_outside_of_the_configuration(config, tmp_path):
    (config / "feeds/mine.yaml").write_text(
        "feed: mine\nversions:\n  - version: 1\n    valid_from: 2026-01-01\n    format: json\n"
        "    namespace: request:mine\n    number: no\n    events:\n      - stage: opened\n        time: at\n"
        "        data: { caller_ref: { from: phone, class: pseudonym } }\n")
    short, good = tmp_path / "short.key", tmp_path / "good.key"
    short.write_text("123456789012345\n")
    good.write_text("1234567890123456\n")

    def ingest(key):
        words = [BINARY.parent / "citybrain-ingest", "--check", "--config", config / "ingest.yaml"]
        more = {"bundle.config_dir": config, "ingest.tokens": config / "tokens.csv",
                "ingest.pseudonym_key": key}
        for name, value in more.items():
            words += ["--set", f"{name}={value}"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CITYBRAIN_")}
        done = subprocess.run(list(map(str, words)), cwd=ROOT, env=environment, capture_output=True, text=True,
                              timeout=60)
        return done.returncode, done.stdout + done.stderr

    status, said = ingest("")
    assert status == 78 and "mine.yaml:3:5" in said and "a pseudonym has no key" in said and "head -c 32" in said
    status, said = ingest(short)
    assert status == 78 and "short.key" in said and "shorter than 16 bytes" in said
    status, said = ingest(tmp_path / "none.key")
    assert status == 78 and "none.key" in said
    assert ingest(good)[0] == 0


def test_a_table_that_gives_a_type_nobody_knows_is_told(config):
    path = config / "feeds/chaowoshuo.yaml"
    change(path, "停车: R0501", "停车: R05O1")
    done = check(config, "--on", "2026-06-01")
    assert done.returncode == 78 and done.stdout.startswith(f"{path}:{line_of(path, 'R05O1')}:")
    assert 'table hints gives the type_code "R05O1", which is no type; fix: a code of' in done.stdout


def test_of_a_table_in_a_file_the_row_is_named(config):
    path = config / "feeds/chaowoshuo.yaml"
    text = path.read_text()
    begin = text.index("hints:")
    change(path, text[begin:text.index("\n", begin)], "hints: tables/hints.csv")
    (config / "feeds/tables").mkdir(exist_ok=True)
    (config / "feeds/tables/hints.csv").write_text("from,to\n停车,R05O1\n")
    done = check(config, "--on", "2026-06-01")
    assert done.returncode == 78 and done.stdout.startswith(f"{path}:{line_of(path, 'hints: tables')}:")
    assert 'table hints, for "停车", gives the type_code "R05O1", which is no type' in done.stdout


def test_a_feed_that_stands_under_another_name_is_told(config):
    (config / "feeds/weather.yaml").rename(config / "feeds/wether.yaml")
    done = check(config, "--on", "2026-06-01")
    assert done.returncode == 78 and "error: feed weather stands in wether.yaml; fix: name the file" in done.stdout


def test_the_first_level_reads_each_file_by_itself(config):
    change(config / "feeds/hotline.yaml", "owner: desk", "owner: nobody")
    change(config / "views/closure_rate.yaml", "kind: request", "kind: [request")
    change(config / "registries/units.csv", "code,name", "cod,name")
    done = check(config, "--syntax")
    found = done.stdout.splitlines()
    assert done.returncode == 78 and len(found) == 2 and done.stderr == "check: 2 errors, 0 warnings\n"
    assert found[0].startswith(f"{config}/registries/units.csv:") and found[1].startswith(f"{config}/views/closure_rate.yaml:")


def test_the_third_level_says_whom_it_cannot_ask(config):
    done = check(config, "--environment", "--brokers", "127.0.0.1:1", "--postgres", "host=127.0.0.1 port=1 dbname=x", "--on", "2026-06-01")
    assert done.returncode == 69 and done.stdout == ""
    assert "127.0.0.1:1" in done.stderr and "PostgreSQL: " in done.stderr and done.stderr.count("; fix: start") == 2


def test_levels_are_named_one_at_a_time(config):
    done = check(config, "--syntax", "--environment")
    assert done.returncode == 64 and "--syntax is the first level alone" in done.stderr


def test_findings_are_objects_where_a_program_asks(config):
    change(config / "feeds/hotline.yaml", "owner: desk", "owner: nobody")
    change(config / "registries/units.csv", "区信访办,department,lead,d_petition,,", "区信访办,department,lead,d_petition,,2026-06-01")
    done = check(config, "--json", "--on", "2026-06-01")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 78 and [one["level"] for one in found] == ["error", "warning"]
    path = config / "feeds/hotline.yaml"
    assert found[0] == {"level": "error", "place": f"{path}:{line_of(path, 'owner: nobody')}:8", "cause": 'no unit "nobody" to own this feed',
                        "fix": "a code of registries/units.csv"}
