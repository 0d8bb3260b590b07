# SPDX-License-Identifier: Apache-2.0
"""What the page says of a case, of the desk's questions and of findings, over an API of canned answers."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from browser import browse  # noqa: E402
from test_page import NOW, api, desk_case, errors, line  # noqa: E402 F401 the fixture is theirs

PLACES = [{"code": "110105020", "parent_code": "110105", "level": "street", "name": "朝外街道"}, {"code": "110105020001", "parent_code": "110105020", "level": "community", "name": "芳草地社区"}]
TYPES = [{"code": "R01", "parent_code": "", "name": "市容环卫", "unit": ""}, {"code": "R0105", "parent_code": "R01", "name": "垃圾清运", "unit": ""}]
KINDS = [{"kind": "request", "name": "诉求工单", "stages": {"opened": ["受理", "opened"]}},
         {"kind": "works", "name": "全要素小区", "stages": {"implemented": ["实施", "implemented"], "cancelled": ["取消", "cancelled"]}},
         {"kind": "proactive", "name": "未诉先办", "stages": {"opened": ["发现", "found"], "declined": ["不予立项", "declined"]}}]
NAMES = {"divisions": PLACES, "types": TYPES, "kinds": KINDS, "triggers": [{"trigger": "near_due", "name": "短时限诉求临期"}, {"trigger": "repeat", "name": "多次反映"}], "feeds": []}


def told(api, one):
    api.pages[f"/api/cases/{one['case'].replace(':', '%3A')}"] = one
    return f"{api.url}#view=case&case={one['case']}"


def at(day, hour, minute=0):
    return f"{day}T{hour:02}:{minute:02}:00+08:00"


# --- the desk ---


@pytest.mark.parametrize("cause", ["unclassified", "fallback"])
@pytest.mark.parametrize("type_code, place, said, en", [
    (None, {}, "类型与地点均不明。", "Neither type nor place is known."),
    (None, {"street_code": "110105020", "community_code": "110105020001"}, "类型不明,地点已知:朝外街道 芳草地社区。", "Its type is not known; its place is: 朝外街道 芳草地社区."),
    ("R0105", {}, "类型已知:垃圾清运;地点不明。", "Its type is known: 垃圾清运; its place is not."),
    ("R0105", {"street_code": "110105020"}, "类型已知:垃圾清运;地点已知:朝外街道。", "Its type is known: 垃圾清运; so is its place: 朝外街道."),
    ("unclassified", {"street_code": "某处"}, "类型与地点均不明。", "Neither type nor place is known.")])  # as it was told: in no registry
def test_the_desk_is_told_what_is_known_and_what_is_not(api, cause, type_code, place, said, en):
    one = {**desk_case("N1"), "cause": cause, "desk_cause": cause, "unit": "desk", "type_code": type_code, **place}
    api.pages["/api/names"] = NAMES
    api.pages["/api/desk"] = {"rows": [one], "waiting": {cause: 1}, "causes": [{"cause": cause, "answers": "classified assigned"}], "next": None}
    told(api, one)
    page = browse(f"{api.url}#view=desk&case={one['case']}")
    assert errors(page) == [] and said in page.text("view"), page.text("view")
    assert ("请分类,或指定承办单位。" if cause == "unclassified" else "没有规则能确定承办单位:请指定。") in page.text("view")
    assert ("均不明" in page.text("view")) == ("均不明" in said)
    assert en in browse(f"{api.url}#view=desk&lang=en&case={one['case']}").text("view")


def test_who_asks_and_why_is_before_who_decides(api):
    one = {**desk_case("N1"), "cause": "dispute", "desk_cause": "dispute", "said": "不属本街道"}
    lines = [line(1, "opened", "source", 8, "受理"), {**line(2, "disputed", "lead", 9, "异议"), "unit": "s110105001", "unit_name": "建外街道", "said": "不属本街道"}]
    told(api, {**one, "timeline": lines})
    api.pages["/api/desk"] = {"rows": [one], "waiting": {"dispute": 1}, "causes": [{"cause": "dispute", "answers": "dispute_decided assigned"}], "next": None}
    page = browse(f"{api.url}#view=desk&case={one['case']}")
    assert errors(page) == [] and "不属本街道" in page.text("queue") and page.text("asked_why").replace(" ", "") == "建外街道:不属本街道" and "不属本街道" in page.text("timeline"), page.text("view")
    told(api, {**one, "timeline": [lines[0], {**lines[1], "said": None}]})
    assert browse(f"{api.url}#view=desk&case={one['case']}").text("asked_why").replace(" ", "") == "建外街道:未说明理由"


def test_what_can_be_decided_is_said_before_anybody_signs_in(api):
    one = {**desk_case("N1"), "cause": "dispute", "desk_cause": "dispute"}
    api.pages.update({"/api/names": NAMES, "/api/desk": {"rows": [one], "waiting": {"dispute": 1}, "causes": [{"cause": "dispute", "name": "异议", "ask": "", "answers": "dispute_decided assigned"}], "next": None}})
    told(api, one)
    page = browse(f"{api.url}#view=desk&case={one['case']}")
    words = page.text("answers")
    assert errors(page) == [] and "异议裁定" in words and "指定承办" in words and "异议成立 / 异议不成立" in words and "请向系统管理员领取" in words, words
    assert "decide" not in page.texts
    assert "Decide the dispute" in browse(f"{api.url}#view=desk&lang=en&case={one['case']}").text("answers")


def test_emergencies_stand_by_their_limits(api):
    some = [{**desk_case(f"E{n}"), "cause": "emergency", "due": due} for n, due in enumerate([at("2026-01-01", 12), at("2026-01-01", 14), None, at("2026-01-03", 14)])]
    api.pages["/api/desk"] = {"rows": some, "waiting": {"emergency": 4, "fallback": 3}, "causes": [], "next": "1"}
    page = browse(f"{api.url}#view=desk")
    orders = {query.get("cause", "").split(",")[0]: query.get("order") for path, query in api.asked if path == "/api/desk" and query["limit"] != "1"}
    assert orders["emergency"] == "due" and orders["overdue"] is None  # of all others who waits the longest
    words = page.text("queue")
    assert errors(page) == [] and "超期 60 分" in words and "余 60 分" in words and "无时限" in words
    assert words.index("余 60 分") < words.index("无时限") < words.index("余 2.0 天")  # in the order of the answer (docs/decisions/0379)
    assert "紧急 4,共 7 件" in page.text("status")
    api.asked.clear()
    browse(f"{api.url}#view=desk&cause=overdue")
    assert ("/api/desk", {"cause": "overdue", "order": "due", "limit": "100", "over": "no"}) in api.asked


# --- a case ---


def lived(**more):
    lines = [line(1, "opened", "source", 8, "受理"), {**line(2, "dispatched", "router", 9, "派单"), "time": at("2025-12-31", 9, 12), "lead": "s110105001"}]
    lines[0]["time"] = at("2025-12-31", 9)
    return {"case": "request:12345:N1", "kind": "request", "state": "open", "unit": "s110105001", "unit_name": "朝外街道", "opened": lines[0]["time"], "due": at("2026-01-02", 9), "timeline": lines, **more}


def test_a_case_says_since_when_who_has_it(api):
    one = lived()
    page = browse(told(api, one))
    assert errors(page) == [] and "自 2025-12-31 09:12 由朝外街道办理中,已 1 天 3 时;时限 01-02 09:00,余 20.0 时。" in page.text("why"), page.text("why")
    assert "With 朝外街道 since 2025-12-31 09:12, open, for 1 d 3 h; due 01-02 09:00, 20.0 h left." in browse(told(api, one) + "&lang=en").text("why")
    # with another since it was recalled; a word of the desk alone gives nothing to anybody
    more = [{**line(3, "assigned", "desk", 10, "指定"), "lead": "d_urban"}, line(4, "recalled", "router", 10, "收回"), {**line(5, "dispatched", "router", 11, "派单"), "lead": "d_urban"}]
    page = browse(told(api, {**one, "unit": "d_urban", "unit_name": "区城市管理委", "timeline": one["timeline"] + more}))
    assert "自 01-01 11:00 由区城市管理委办理中,已 2 时;" in page.text("why")
    page = browse(told(api, {**one, "unit": None, "unit_name": None, "state": "waiting", "due": None, "timeline": one["timeline"] + more[:2]}))
    assert "自 01-01 10:00 待派单,已 3 时。" in page.text("why")
    page = browse(told(api, {**one, "state": "held", "timeline": one["timeline"] + [line(3, "held", "desk", 12, "挂账")]}))
    assert "自 01-01 12:00 挂账(朝外街道),已 1 时,时限暂停。" in page.text("why")
    # on hold since before its limit it is not late, whatever the time is; since after it, it stays late (docs/decisions/0368)
    stopped = {**one, "state": "held", "held": at("2026-01-01", 9), "due": at("2026-01-01", 12), "timeline": one["timeline"] + [line(3, "held", "desk", 9, "挂账")]}
    page = browse(told(api, stopped))
    words = page.text("why") + page.text("view")
    assert "余 3.0 时,暂停计时" in words and "已过" not in words and "超期" not in words, words
    assert "已过 2.0 时,尚未办结" in browse(told(api, {**stopped, "due": at("2026-01-01", 11), "held": at("2026-01-01", 12)})).text("why")
    page = browse(told(api, {**one, "timeline": one["timeline"] + [{**line(3, "dispatched", "router", 12, "派单"), "lead": "d_urban", "effect": "impossible"}]}))
    assert "自 2025-12-31 09:12 由朝外街道" in page.text("why")
    page = browse(told(api, {**one, "timeline": one["timeline"] + [line(3, "reopened", "desk", 12, "重办")]}))
    assert "自 01-01 12:00 由朝外街道" in page.text("why")
    page = browse(told(api, {**one, "due": at("2026-01-01", 12)}))
    assert "已 1 天 3 时。" in page.text("why") and "已过 60 分,尚未办结" in page.text("why")


def test_a_case_says_whose_its_limit_is(api):
    one = lived(limit_class="15d", due_source="order", due_moved=True)
    sent, reminded = {"due": one["due"], "due_source": "order"}, {**line(3, "nudged", "router", 12, "催办"), "due": one["due"], "due_source": "order", "timer_due": at("2026-01-01", 10, 30)}
    one["timeline"] = [{**one["timeline"][0], **sent}, {**one["timeline"][1], **sent}, reminded, {**line(4, "co_assigned", "desk", 12, "协办"), "due": at("2026-01-01", 20), "due_source": "helper"}]
    page = browse(told(api, one))
    assert errors(page) == [] and "时限 01-02 09:00(来单自带的时限,挂账后顺延),余 20.0 时。" in page.text("why"), page.text("why")
    assert page.text("due_by") == "来单自带的时限,挂账后顺延" and page.text("class_aside") == "本件时限另有来源,不按此等级计算"
    assert page.text("timeline").count("定时 01-01 10:30") == 1 and "定时" not in browse(told(api, {**one, "timeline": [*one["timeline"][:2], {**reminded, "timer_due": one["due"]}]})).text("timeline")  # at the limit itself
    assert page.text("timeline").count("01-02 09:00(来单自带的时限)") == 2 and "20:00(协办单位的时限)" in page.text("timeline"), page.text("timeline")
    assert "due 01-02 09:00 (the order's own, moved by a hold)" in browse(told(api, one) + "&lang=en").text("why")
    counted = browse(told(api, {**one, "due_source": "class", "due_moved": False, "due": at("2026-01-01", 12)}))
    assert "时限 01-01 12:00(按时限等级计算) 已过 60 分,尚未办结。" in counted.text("why") and counted.text("due_by") == "按时限等级计算" and not counted.text("class_aside")


def test_a_rule_is_called_as_the_kind_of_its_case_calls_it(api):
    api.pages["/api/names"] = {**NAMES, "kinds": [{**KINDS[0], "stages": {"opened": ["受理", "opened"], "implemented": ["落实", "carried out"]}}, *KINDS[1:]]}
    for kind, words in (("works", "实施"), ("request", "落实")):
        one = {**lived(timeline=[{**line(1, "opened", "source", 8, "受理"), "rule": "implemented"}]), "kind": kind}
        page = browse(told(api, one))
        assert errors(page) == [] and f"规则 {words}" in page.text("timeline"), page.text("timeline")


def test_a_case_tells_the_fields_that_have_a_name(api):
    one = lived(fields=[{"field": "risk", "name": "风险等级", "value": "1", "value_name": "高"}, {"field": "estate_code", "name": "小区", "value": "E7", "value_name": None}])
    page = browse(told(api, one))
    assert errors(page) == [] and "风险等级 高" in page.text("view") and "小区 E7" in page.text("view"), page.text("view")


def test_what_is_over_says_what_it_went_through(api):
    lines = lived()["timeline"] + [{**line(3, "overdue", "router", 9, "超期"), "rule": "overdue"}, {**line(4, "disputed", "lead", 9, "异议"), "unit_name": "朝外街道"}, {**line(5, "dispute_decided", "desk", 10, "裁定"), "outcome": "upheld"},
                                   line(6, "recalled", "router", 10, "收回"), {**line(7, "dispatched", "router", 10, "派单"), "lead": "d_urban"}, {**line(8, "disputed", "lead", 10, "异议"), "unit": "d_urban"}, line(9, "resolved", "lead", 11, "办结"),
                                   line(10, "reopened", "callback", 11, "重办"), line(11, "resolved", "lead", 12, "办结"), line(12, "closed", "source", 12, "归档")]
    done = lived(state="closed", unit="d_urban", due=at("2026-01-01", 10, 30), due_source="order", resolved=at("2026-01-01", 12), closed=at("2026-01-01", 12), timeline=lines)
    page = browse(told(api, done))
    words = page.text("why")
    assert errors(page) == [] and "已办结,用时 27.0 时。" in words and "超期 90 分才办结:时限 01-01 10:30(来单自带的时限)。" in words.replace("1.5 时", "90 分"), words
    assert "提出过 2 次异议:朝外街道,裁定成立;d_urban,未裁定即了结。" in words and "重办过 1 次。" in words and "延期过" not in words
    en = browse(told(api, done) + "&lang=en").text("why")
    assert "Late by 1.5 h: its limit was 01-01 10:30 (the order's own)." in en and "Disputes: 2 (朝外街道: upheld; d_urban: over before it was decided). " in en + " " and "Reopened: 1." in en
    # late for a time, and not in the end; never late; and of what is open the same is said
    words = browse(told(api, {**done, "due": at("2026-01-01", 13)})).text("why")
    assert "办理中曾超过当时的时限。" in words and "才办结" not in words
    words = browse(told(api, {**done, "due": at("2026-01-01", 13), "timeline": [lines[0], lines[1], lines[10], lines[11]]})).text("why")
    assert words.strip() == "已办结,用时 27.0 时。"
    # done in time, and told behind the tick that let the timer speak: it was late at no time (docs/decisions/0369)
    spoke = {**line(12, "overdue", "router", 13, "超期"), "rule": "overdue", "due": at("2026-01-01", 12, 30)}
    for due, late in ((at("2026-01-01", 12, 30), False), (at("2026-01-01", 11, 30), True)):
        words = browse(told(api, {**done, "due": at("2026-01-01", 13), "timeline": [lines[0], lines[1], lines[10], lines[11], {**spoke, "due": due}]})).text("why")
        assert ("曾超过当时的时限" in words) is late, words
    # on hold when that limit came, whenever that was told: the clock stood still (docs/decisions/0368)
    for held, resumed, late in ((9, 12, False), (9, None, False), (9, 10, True), (11, 12, True)):
        hold = [line(3, "held", "desk", held, "挂账")] + ([line(4, "resumed", "desk", resumed, "恢复办理")] if resumed else [])
        ends = [{**spoke, "due": at("2026-01-01", 10, 30)}, {**lines[10], "time": at("2026-01-01", 13)}]
        words = browse(told(api, {**done, "due": at("2026-01-01", 14), "timeline": lines[:2] + hold + ends})).text("why")
        assert ("曾超过当时的时限" in words) is late, words
    assert "提出过 1 次异议:朝外街道,待裁定。" in browse(told(api, lived(timeline=lines[:4]))).text("why")


def test_who_has_not_been_contacted_is_said_of_the_round(api):
    lines = lived()["timeline"] + [line(3, "contacted", "lead", 9, "联系"), line(4, "resolved", "lead", 10, "办结"), line(5, "reopened", "callback", 10, "重办"), line(6, "dispatched", "router", 11, "派单")]
    assert "尚未联系居民。" in browse(told(api, lived())).text("why")
    assert "重办以来尚未联系居民。" in browse(told(api, lived(timeline=lines))).text("why")
    again = [line(7, "contacted", "lead", 11, "联系"), line(8, "recalled", "router", 12, "收回"), {**line(9, "dispatched", "router", 12, "派单"), "time": at("2026-01-01", 12, 30), "lead": "d_urban"}]
    assert "现承办单位尚未联系居民。" in browse(told(api, lived(timeline=lines + again))).text("why")


def test_a_rule_has_one_name_and_nothing_was_before_it_began(api):
    lines = lived()["timeline"]
    more = [{**line(n + 3, stage, "router", 11, stage), "rule": rule} for n, (stage, rule) in enumerate([("dispatched", "adopted"), ("escalated", "dispute"), ("recalled", "dispute_decided"), ("escalated", "confirm"), ("nudged", "near_due")])]
    late = {**line(9, "dispatched", "router", 13, "派单"), "time": at("2026-01-01", 13, 1), "lead": "s110105001", "rule": "opened"}  # the tick is of 13:00
    api.pages["/api/names"] = NAMES
    page = browse(told(api, lived(timeline=[*lines, *more, late])))
    words = page.text("timeline")
    assert errors(page) == [] and all(f"规则 {name}" in words for name in ("承接来单指定", "异议", "异议裁定", "未诉先办待确认", "临期", "受理")), words
    assert "已 0 秒,尚未签收" in page.text("why")


def test_another_kinds_stage_is_called_as_the_kind_says(api):
    api.pages["/api/names"] = NAMES
    rows = [{**desk_case("W1"), "case": "works:hfc:W1", "kind": "works", "state": "resolved", "stage": "implemented"}, {**desk_case("P1"), "case": "proactive:near_due:P1", "kind": "proactive", "state": "closed", "stage": "declined"},
            {**desk_case("N1"), "stage": "signed"}]
    api.pages["/api/cases"] = {"now": NOW, "rows": rows, "next": None}
    page = browse(f"{api.url}#view=cases")
    assert errors(page) == [] and "已办结 · 实施" in page.text("case_rows") and "已归档 · 不予立项" in page.text("case_rows") and "signed" not in page.text("case_rows")
    assert "closed · declined" in browse(f"{api.url}#view=cases&lang=en").text("case_rows")
    one = {**rows[1], "closed": at("2026-01-01", 10), "stage_words": "不予立项", "desk_cause": None, "timeline": []}
    page = browse(told(api, one))
    assert "已结束:不予立项,历时 2.0 时。" in page.text("why") and "已办结" not in page.text("why")
    one = {**one, "case": "works:hfc:W1", "kind": "works", "resolved": at("2026-01-01", 9), "stage_words": "验收"}  # closed later than it was done
    assert "已结束:验收,历时 2.0 时。" in browse(told(api, one)).text("why")
    assert "已到实施,历时 60 分。" in browse(told(api, {**one, "state": "resolved", "closed": None, "stage_words": "实施"})).text("why")
    lines = [{**line(1, "opened", "source", 8, "受理")}, line(2, "implemented", "lead", 9, "实施"), line(3, "handed_over", "lead", 11, "移交")]
    moved = {**one, "state": "resolved", "closed": None, "stage": "handed_over", "stage_words": "移交", "timeline": lines}
    assert "已到移交,历时 3.0 时。" in browse(told(api, moved)).text("why")
    helped = lived(helpers=[{"unit": "d_urban", "role": "co"}])
    assert "区城市管理委 协办" in browse(told(api, helped)).text("view")


def test_a_merged_case_says_who_handles_it_and_who_had_it(api):
    api.pages["/api/names"] = NAMES
    parent = lived(unit="d_urban", unit_name="区城市管理委")
    parent["case"] = "request:12345:P1"
    told(api, parent)
    one = lived(state="merged", unit=None, unit_name=None, parent=parent["case"], helpers=[{"unit": "s110105001", "role": "past"}, {"unit": "d_urban", "role": "co"}])
    one["case"] = "request:12345:C1"
    page = browse(told(api, one))
    words = page.text("view")
    assert errors(page) == [] and "已并入 P1,随主件由区城市管理委办理。" in page.text("why") and "未派单" not in words, words
    assert page.text("by_parent") == "随主件办理" and "曾经手 建外街道办事处 已收回" in words and "协办 区城市管理委 协办" in words
    assert "Merged into P1: 区城市管理委 handles it there." in browse(told(api, one) + "&lang=en").text("why")
    del api.pages["/api/cases/request%3A12345%3AP1"]  # nobody's to see
    page = browse(told(api, one))
    assert "随主件由主件的承办单位办理" in page.text("why") and "未派单" not in page.text("view")
    api.pages["/api/cases"] = {"now": NOW, "rows": [{**desk_case("C1"), "state": "merged", "unit": None, "parent": parent["case"]}], "next": None}
    page = browse(f"{api.url}#view=cases&kind=request&state=merged")
    assert "随 P1" in page.text("case_rows") and "未派单" not in page.text("case_rows")


def test_a_life_tells_what_a_call_back_heard_and_a_parent_names_its_children(api):
    heard = {"valid": "yes", "contacted": "yes", "solved": "no", "satisfaction": "dissatisfied"}
    more = [{**line(3, "reviewed", "callback", 11, "回访"), "answer": heard}] + [{**line(4 + n, stage, "router", 12, stage), "child": child} for n, (stage, child) in enumerate(
        [("child_added", "request:12345:C1"), ("child_added", "request:12345:C2"), ("child_removed", "request:12345:C1"), ("child_added", "request:12345:C3")])]
    one = lived()
    page = browse(told(api, {**one, "timeline": one["timeline"] + more}))
    assert errors(page) == [] and "有效回访 · 已联系 · 未解决 · 不满意" in page.text("timeline") and "已并入本件的 C2 ; C3" in page.text("view"), page.text("view")
    assert "#view=case&case=request%3A12345%3AC3" in page.links and "a valid call-back · was contacted · not solved · dissatisfied" in browse(told(api, {**one, "timeline": one["timeline"] + more}) + "&lang=en").text("timeline")


def test_what_is_open_is_said_to_have_what_was_merged(api):
    assert "含已并入的" in browse(api.url).text("view")
    assert "已并入他件的" in browse(api.url + "#view=units").text("units_defined")


def test_a_list_may_be_of_what_was_reopened_or_disputed(api):
    api.pages["/api/cases"] = {"now": NOW, "rows": [desk_case("N1")], "next": "1"}
    api.rows["places"] = [{"opened": 30, "doubles": 0}]
    links = browse(f"{api.url}#view=cases&kind=request").links
    assert "kind=request&reopened=yes" in links and "kind=request&disputed=yes" in links
    for word in ("reopened", "disputed"):
        api.asked.clear()
        page = browse(f"{api.url}#view=cases&kind=request&{word}=yes")
        query = [query for path, query in api.asked if path == "/api/cases"][0]
        assert errors(page) == [] and query[word] == "yes" and page.text("agreement") == "● 已列 1 件,后面还有"  # no view counts just these


def test_what_happened_in_these_days_is_a_number_and_a_list(api):
    """Whenever it was opened (docs/decisions/0378)."""
    api.rows.update(repeat=[{"community_code": "110105020001", "opened": 9, "again": 1, "reopened": 2, "merged": 0, "extended": 0, "reopened_in": 62}], dispute=[{"unit": "d_urban", "disputed": 12, "returned": 2, "decided": 40, "upheld_in": 32}])
    api.pages["/api/cases"] = {"now": NOW, "rows": [desk_case("N1")], "next": None}
    page = browse(api.url)
    reopened, upheld = ("#view=cases&kind=request&did={0}&did_from=2026-01-01&did_to=2026-01-01".format(did) for did in ("reopened", "upheld"))
    assert errors(page) == [] and (page.text("reopened_today"), page.text("upheld_today")) == ("62", "32") and {reopened, upheld} <= set(page.links.splitlines())
    page = browse(f"{api.url}#view=repeats&range=today")
    assert errors(page) == [] and page.text("sum_reopened_in") == "62" and page.links.splitlines().count(reopened) == 2  # the tile, the sum
    assert f"{reopened}&street=&community=110105020001".replace("&street=", "") in page.links
    assert page.text("sum_reopened") == "2" and f"{reopened}&unit" not in browse(f"{api.url}#view=repeats&range=today&of=unit").links  # who led then
    for did in ("reopened", "upheld"):
        api.asked.clear()
        page = browse(f"{api.url}#view=cases&kind=request&did={did}&did_from=2026-01-01&did_to=2026-01-01")
        query = [query for path, query in api.asked if path == "/api/cases"][0]
        assert errors(page) == [] and query == {"kind": "request", f"{did}_from": "2026-01-01", f"{did}_to": "2026-01-02", "limit": "100"} and "2026-01-01 – 2026-01-01" in page.text("view")


def test_a_list_of_what_happened_is_of_no_more_days_than_are_listed(api):
    """As many as the API takes: of more there is a number and no link, and an address of more is told as the days that are listed."""
    api.rows.update(repeat=[{"community_code": "110105020001", "opened": 9, "again": 1, "reopened": 2, "merged": 0, "extended": 0, "reopened_in": 62}])
    api.pages["/api/cases"] = {"now": NOW, "rows": [desk_case("N1")], "next": None}
    for days, linked in (("from=2025-01-01&to=2026-01-01", True), ("from=2024-12-31&to=2026-01-01", False), ("range=all", False)):
        page = browse(f"{api.url}#view=repeats&{days}")
        assert errors(page) == [] and page.text("sum_reopened_in") == "62" and ("did=reopened" in page.links) is linked, days
    api.asked.clear()
    page = browse(f"{api.url}#view=cases&kind=request&did=reopened&did_from=2020-01-01&did_to=2026-01-01")
    query = [query for path, query in api.asked if path == "/api/cases"][0]
    assert errors(page) == [] and (query["reopened_from"], query["reopened_to"]) == ("2025-01-01", "2026-01-02") and "2025-01-01 – 2026-01-01" in page.text("view") and "2020" not in page.text("view")


def test_a_list_is_chosen_by_days_and_by_what_is_due_soon_and_sorted_by_its_heads(api):
    api.pages["/api/cases"] = {"now": NOW, "rows": [{**desk_case("N1"), "due": at("2026-01-01", 14)}], "next": None}
    page = browse(f"{api.url}#view=cases&kind=request")
    links = page.links.splitlines()
    for words in ("from=2026-01-01&to=2026-01-01", "from=2025-12-26&to=2026-01-01", "due_within=4&order=due", "due_within=8&order=due", "order=due"):
        assert f"#view=cases&kind=request&{words}" in links, words
    assert errors(page) == [] and "order_rule" not in page.texts and links.count("#view=cases&kind=request&order=due") == 1  # the control; by its limit alone, the head
    assert links.count("#view=cases&kind=request&order=limit") == 1
    api.asked.clear()
    page = browse(f"{api.url}#view=cases&kind=request&due_within=8&order=due&street=none")
    assert ("/api/cases", {"kind": "request", "due_within": "8", "order": "due", "street_code": "none", "limit": "100", "count": "yes"}) in api.asked
    assert errors(page) == [] and "无时限的按受理后 24 小时排" in page.text("order_rule") and not {"▲", "▼"} & set(page.text("case_rows").split())  # no column stands in that order
    assert "时限 ▲" in browse(f"{api.url}#view=cases&kind=request&order=limit").text("case_rows")
    # by limit there is nothing of what is done: who asks for that has the newest first, and the other way round
    assert "#view=cases&kind=request&street=none&state=closed" in page.links.splitlines() and "(未定位)" in page.text("view")
    assert "#view=cases&kind=request&order=due" in browse(f"{api.url}#view=cases&kind=request&state=closed").links.splitlines()


def test_a_list_that_no_view_counts_says_how_many_it_is_of(api):
    counted = {"cases": 321, "more": False}
    api.pages["/api/cases"] = lambda query: {"now": NOW, "rows": [desk_case(f"N{n}") for n in range(100)], "next": "1.x", **({"counted": counted} if query.get("count") == "yes" else {})}
    page = browse(f"{api.url}#view=cases&kind=request&due_within=2&order=due")
    assert errors(page) == [] and page.text("agreement") == "● 已列 100 / 321 件"
    counted.update(cases=1000, more=True)
    assert browse(f"{api.url}#view=cases&kind=proactive&overdue=yes&lang=en").text("agreement") == "● 100 of 1,000+ listed"
    # where a view counts it, that is asked, and of what was ever opened nothing is counted one by one
    api.asked.clear()
    api.rows["overdue"] = [{"overdue": 4321}]
    assert browse(f"{api.url}#view=cases&kind=request&overdue=yes").text("agreement") == "● 已列 100 / 4,321 件"
    browse(f"{api.url}#view=cases&kind=request&state=open")
    assert {query.get("count") for path, query in api.asked if path == "/api/cases"} == {None}


def test_what_is_overdue_is_listed_by_its_limit_alone(api):
    api.pages["/api/cases"] = {"now": NOW, "rows": [{**desk_case("N1"), "due": at("2026-01-01", 10)}], "next": None}
    page = browse(f"{api.url}#view=cases&kind=request&overdue=yes&order=due")
    assert errors(page) == [] and "超期最久在前" in page.text("view") and "#view=cases&kind=request&overdue=yes&order=limit" in page.links.splitlines()
    api.asked.clear()
    page = browse(f"{api.url}#view=cases&kind=request&overdue=yes&order=limit")
    assert errors(page) == [] and {query["order"] for path, query in api.asked if path == "/api/cases"} == {"limit"}
    assert page.text("order_rule") == "只按时限先后,紧急事项不在先;无时限的不在其中。" and "时限 ▲" in page.text("case_rows")
    # of what is not overdue it is the nearest limit that is first
    assert "Nearest limit first" in browse(f"{api.url}#view=cases&kind=request&order=limit&lang=en").text("view")
    assert "最久" not in browse(f"{api.url}#view=cases&kind=request").text("view")
    assert "#view=cases&kind=request&state=closed" in page.links.replace("overdue=yes&", "").splitlines()


def test_a_code_of_the_address_that_is_unknown_is_said_and_taken_out(api):
    api.pages.update({"/api/names": NAMES, "/api/cases": {"now": NOW, "rows": [], "next": None}})
    page = browse(f"{api.url}#view=cases&kind=nosuch&street=999&unit=nobody")
    words, links = page.text("view"), page.links.splitlines()
    assert errors(page) == [] and all(f"{code}(未知)" in words for code in ("nosuch", "999", "nobody")), words
    assert "#view=cases&street=999&unit=nobody" in links and "#view=cases&kind=nosuch&unit=nobody" in links and "#view=cases&kind=nosuch&street=999" in links
    assert "nosuch (unknown)" in browse(f"{api.url}#view=cases&kind=nosuch&lang=en").text("view")
    assert "未知" not in browse(f"{api.url}#view=cases&kind=request&street=none&unit=d_urban").text("view")


TYPES_CHOSEN = """const choose = await one("#view .field select[data-value]");
const of = [...document.querySelectorAll("#view .field")].find((field) => /^(类型|Type)/.test(field.textContent)).querySelector("select");
document.body.append(Object.assign(document.createElement("p"), { id: "answered", textContent: `${of.value} ${of.selectedOptions[0]?.textContent}` }));
"""


def test_a_type_of_the_address_that_is_unknown_is_said_and_taken_out(api):
    api.act = TYPES_CHOSEN
    api.pages.update({"/api/names": NAMES, "/api/cases": {"now": NOW, "rows": [], "next": None}})
    page = browse(f"{api.url}#view=cases&type=R9999")
    assert errors(page) == [] and page.text("answered") == "R9999 R9999(未知)" and "#view=cases" in page.links.splitlines()
    assert browse(f"{api.url}#view=units&type=R9999&lang=en").text("answered") == "R9999 R9999 (unknown)"
    page = browse(f"{api.url}#view=cases&type=R9999,R0105")
    assert errors(page) == [] and page.text("answered") == "R9999,R0105 R9999(未知)、垃圾清运" and "R9999(未知) ×" in page.text("view")
    page = browse(f"{api.url}#view=cases&type=R0105")
    assert page.text("answered") == "R0105 垃圾清运" and "未知" not in page.text("view")


def test_what_was_both_reopened_and_disputed_is_listed(api):
    api.pages["/api/cases"] = {"now": NOW, "rows": [], "next": None}
    page = browse(f"{api.url}#view=cases&reopened=yes&disputed=yes")
    asked = next(query for path, query in api.asked if path == "/api/cases")
    assert (asked["reopened"], asked["disputed"]) == ("yes", "yes") and errors(page) == []
    assert {"#view=cases", "#view=cases&reopened=yes", "#view=cases&disputed=yes", "#view=cases&reopened=yes&disputed=yes"} <= set(page.links.splitlines())
    api.act = """const chosen = [...(await one("#view .choice[aria-label='Went through']")).querySelectorAll("[aria-current]")].map((way) => way.textContent).join();
document.body.append(Object.assign(document.createElement("p"), { id: "answered", textContent: chosen }));
"""
    for words, said in (("&reopened=yes&disputed=yes", "Both"), ("&reopened=yes", "Reopened"), ("&disputed=yes", "Disputed"), ("", "All")):
        assert browse(f"{api.url}#view=cases&lang=en{words}").text("answered") == said


# The page in a frame of a phone's width: a window of Chromium's own is no narrower than 500.
ON_A_PHONE = """if (top === window) {
  const frame = Object.assign(document.createElement("iframe"), { src: location.href, width: 390, height: 844 });
  document.body.prepend(frame);
  const inside = (words) => found(() => frame.contentDocument?.querySelector(words));
  const limit = (await inside("#case_rows td:last-child")), head = await inside("#case_rows thead th:last-child");
  const scroll = limit.closest(".scroll"), wide = scroll.scrollWidth > scroll.clientWidth;
  const isSeen = (cell) => { const { left, right, top, bottom } = cell.getBoundingClientRect(); cell.scrollIntoView({ block: "center" }); const at = cell.getBoundingClientRect();
    return left >= 0 && right <= 390 && cell.contains(frame.contentDocument.elementFromPoint((at.left + at.right) / 2, (at.top + at.bottom) / 2)); };
  const first = limit.parentNode.cells[0].getBoundingClientRect();
  document.body.append(Object.assign(document.createElement("p"), { id: "answered", textContent: `${wide} ${isSeen(limit)} ${isSeen(head)} ${limit.getBoundingClientRect().left - first.left > 60} ${limit.textContent}` }));
}
"""


def test_on_a_phone_the_limit_of_a_listed_case_is_in_sight(api):
    rows = [{**desk_case(f"2026010100{n}"), "cause": None, "desk_cause": None, "type_code": "R0105", "street_code": "110105020", "community_code": "110105020001", "due": at("2026-01-01", 14)} for n in range(3)]
    api.pages.update({"/api/names": NAMES, "/api/cases": {"now": NOW, "rows": rows, "next": None}})
    api.act = ON_A_PHONE
    page = browse(f"{api.url}#view=cases")
    assert errors(page) == [] and page.text("answered") == "true true true true 余 60 分", page.text("answered")


def test_what_has_no_place_leads_to_its_cases(api):
    api.rows["places"] = [{"street_code": "", "opened": 3, "contacted": 0, "done": 0, "on_time": 0, "closed": 0, "doubles": 0}]
    page = browse(f"{api.url}#view=place&from=2025-12-30&to=2025-12-31")
    assert errors(page) == [] and "#from=2025-12-30&to=2025-12-31&view=cases&kind=request&street=none" in page.links.splitlines()
    assert "#from=2026-01-01&to=2026-01-01&view=cases&kind=request&street=none" in browse(api.url).links.splitlines()


# --- findings ---


def fired(number, trigger, evidence, done, group):
    return {"case": f"proactive:{trigger}:{number}", "trigger": trigger, "fired": at("2026-01-01", 12), "reason": f"发现 {number}", "group": group, "count": len(evidence), "evidence": evidence, "state": "waiting",
            "stage": "opened", "desk_cause": "confirm", "over": isinstance(group, dict) and "case" in group and done > 0, "evidence_now": {name: {"state": "closed" if n < done else "open", "stage": "closed"} for n, name in enumerate(evidence)} or None}


def test_a_finding_says_how_its_cases_are_now(api):
    names = [f"request:12345:N{n}" for n in range(4)]
    some = [fired("F1", "repeat", names, 3, {"type_code": "R0105"}), fired("F2", "near_due", names[:1], 1, {"case": names[0]}), fired("F3", "near_due", names[3:], 0, {"case": names[3]}), fired("F4", "repeat", names[:2], 2, {"type_code": "R0105"})]
    api.pages.update({"/api/names": NAMES, "/api/triggers": {"rows": some, "next": None}})
    page = browse(f"{api.url}#view=triggers")
    words = page.text("view")
    assert errors(page) == [] and "依据 4 条,其中 3 件已办结" in words and "N0 ■ 已归档" in words.replace("  ", " ") and "N3 ◐ 办理中" in words
    assert words.count("已不成立") == 2 and "已不成立" in words[words.index("短时限诉求临期"):words.index("发现 F2")]  # its tag, and the way to the others
    assert {query["over"] for path, query in api.asked if path == "/api/triggers"} == {"no"}
    browse(f"{api.url}#view=triggers&over=yes")
    assert [query["over"] for path, query in api.asked if path == "/api/triggers"][-1] == "yes"


def test_the_list_of_findings_says_how_many_hold_and_how_many_are_over(api):
    counted = {"holds": 57, "over": 12, "more": False}
    some = [fired(f"F{n}", "repeat", [], 0, {"type_code": "R0105"}) for n in range(50)]
    api.pages.update({"/api/names": NAMES, "/api/triggers": lambda query: {"rows": some, "next": "1.x", **({"counted": counted} if query.get("count") == "yes" else {})}})
    words = browse(f"{api.url}#view=triggers").text("view")
    assert "仍成立 57" in words and "已不成立 12" in words and "已列 50 / 57 件" in words
    counted.update(holds=900, over=100, more=True)
    words = browse(f"{api.url}#view=triggers&over=yes&lang=en").text("view")
    assert "that hold 900+" in words and "no longer hold 100+" in words and "50 of 100+ listed" in words


def test_what_holds_is_asked_of_some_days_and_the_list_says_which(api):
    api.pages.update({"/api/names": NAMES, "/api/triggers": {"rows": [], "next": None}})
    for days, asked, says in (("range=all", ("2025-10-02", "2026-01-02"), "2025-10-02 – 2026-01-01"), ("range=week", ("2025-12-26", "2026-01-02"), None),
                              ("from=2025-12-01", ("2025-12-01", "2026-01-02"), None), ("from=2025-01-01&to=2025-12-01", ("2025-09-01", "2025-12-02"), "2025-09-01 – 2025-12-01"),
                              ("to=2025-12-01", ("2025-09-01", "2025-12-02"), "2025-09-01 – 2025-12-01")):
        api.asked.clear()
        page = browse(f"{api.url}#view=triggers&{days}")
        query, = [query for path, query in api.asked if path == "/api/triggers"]
        assert errors(page) == [] and (query["from"], query["to"]) == asked, (days, query)
        assert (says in page.text("newest_days") and "最近 92 天" in page.text("newest_days")) if says else "newest_days" not in page.texts, days


def test_the_queue_is_of_what_holds_and_the_rest_is_one_press_away(api):
    one = {**desk_case("N1"), "cause": "confirm", "trigger": "near_due", "reason": "将到期"}
    api.pages.update({"/api/names": NAMES, "/api/desk": {"rows": [one], "waiting": {"confirm": 2, "dispute": 1}, "causes": [], "next": None, "over": 684}})
    page = browse(f"{api.url}#view=desk")
    assert errors(page) == [] and "已不成立 684" in page.text("view") and "全部 3" in page.text("view") and "#view=desk&over=yes" in page.links
    assert {query.get("over") for path, query in api.asked if path == "/api/desk" and query.get("cause") != "emergency"} == {"no"}
    api.asked.clear()
    api.pages["/api/desk"]["waiting"] = {"confirm": 684}
    assert "紧急在先" in page.text("queue_order") and page.text("queue_order").endswith("其余受理最早的在先。")
    page = browse(f"{api.url}#view=desk&over=yes&lang=en")
    assert errors(page) == [] and page.text("queue_order") == "The earliest opened first." and "no longer hold 684" in page.text("view") and "yes" in {query.get("over") for path, query in api.asked if path == "/api/desk"}


def test_the_head_counts_what_the_queue_counts(api):
    api.pages.update({"/api/names": NAMES, "/api/desk": lambda query: {"rows": [], "waiting": {"dispute": 5 if query.get("limit") == "1" else 7}, "causes": [], "next": None, "over": 0}})
    page = browse(f"{api.url}#view=desk")
    assert errors(page) == [] and "7 件" in page.text("status") and "全部 7" in page.text("view"), page.text("status")


def test_a_finding_is_said_in_the_language_of_the_page_and_its_case_by_number(api):
    names = {**NAMES, "triggers": [{"trigger": "near_due", "name": "短时限诉求临期", "name_en": "A short limit is near"}, {"trigger": "repeat", "name": "多次反映", "name_en": "Said again"}]}
    near = {**fired("F1", "near_due", ["request:12345:N7"], 0, {"case": "request:12345:N7"}), "reason": "request:12345:N7将于10:05到期,见https://a.b:8000/c"}
    many = {**fired("F2", "repeat", ["request:12345:N8", "request:12345:N9"], 0, {"type_code": "R0105"}), "reason": "第2次反映"}
    waits = {**desk_case("N1"), "case": near["case"], "cause": "confirm", "trigger": "near_due", "reason": near["reason"], "subject": "request:12345:N7"}
    api.pages.update({"/api/names": names, "/api/triggers": {"rows": [near, many], "next": None}, "/api/desk": {"rows": [waits], "waiting": {"confirm": 1}, "causes": [], "next": None, "over": 0}})
    for view, place in (("triggers", "view"), ("desk", "queue")):
        words = browse(f"{api.url}#view={view}").text(place)
        assert "N7将于10:05到期,见https://a.b:8000/c" in words and "request:12345:" not in words, words
        page = browse(f"{api.url}#view={view}&lang=en")
        words = page.text(place)
        assert errors(page) == [] and "A short limit is near" in words and "N7" in words and "到期" not in words and "反映" not in words and "request:12345:" not in words, words


# Asked whether it is to be confirmed it waits without haste once what it warned of is over; asked of anything else it does not.
@pytest.mark.parametrize("cause, done, haste", [("confirm", 1, False), ("confirm", 0, True), ("overdue", 1, True)])
def test_a_finding_that_no_longer_holds_waits_without_haste(api, cause, done, haste):
    found = fired("F1", "near_due", ["request:12345:N7"], done, {"case": "request:12345:N7"})
    one = {**desk_case("N1"), "case": found["case"], "kind": "proactive", "cause": cause, "desk_cause": cause, "timeline": [line(1, "opened", "source", 8, "发现")]}
    api.pages.update({"/api/names": NAMES, "/api/triggers": lambda query: {"rows": [found] if query.get("case") else [], "next": None},
                      "/api/desk": {"rows": [one], "waiting": {cause: 1}, "causes": [{"cause": cause, "answers": "noted"}], "next": None}})
    for address in (told(api, one), f"{api.url}#view=desk&case={one['case']}"):
        page = browse(address)
        words = page.text("why") + page.text("view")
        assert errors(page) == [] and ("不急" in words) != haste and "等待指挥中心" in words, words


def test_a_list_can_be_of_each_kind_there_is(api):
    api.pages.update({"/api/names": NAMES, "/api/cases": {"now": NOW, "rows": [desk_case("N1")], "next": None}})
    page = browse(f"{api.url}#view=cases")
    assert errors(page) == [] and all(kind["name"] in page.text("view") for kind in KINDS), page.text("view")


def test_findings_come_by_pages(api):
    names = [f"request:12345:N{n}" for n in range(2)]
    some = [fired(f"F{n}", "near_due", names[n:n + 1], 0, {"case": names[n]}) for n in range(2)]
    api.rows["proactive"] = [{"trigger": "near_due", "opened": 330, "confirmed": 1, "declined": 2, "dispatched": 1, "resolved": 0}, {"trigger": "repeat", "opened": 6, "confirmed": 0, "declined": 0, "dispatched": 0, "resolved": 0}]
    api.pages["/api/triggers"] = {"rows": some, "next": "1.proactive:near_due:F1"}
    page = browse(f"{api.url}#view=triggers")
    words = page.text("view")
    assert errors(page) == [] and "已列 2 件" in words and "再列 50 项" in words, words
    assert [query["limit"] for path, query in api.asked if path == "/api/triggers"][-1] == "50"
    browse(f"{api.url}#view=triggers&pages=3&trigger=near_due")
    assert [query["limit"] for path, query in api.asked if path == "/api/triggers"][-1] == "150"


def test_what_is_no_list_and_no_group_breaks_no_page(api):
    odd = [{**fired(f"F{n}", "repeat", [], 0, group), "evidence": evidence} for n, (evidence, group) in enumerate((("request:12345:N0", "case"), (7, 7), ([7, None, "request:12345:N1"], ["case"]), ({"a": 1}, None)))]
    api.pages.update({"/api/names": NAMES, "/api/triggers": {"rows": odd, "next": None}})
    page = browse(f"{api.url}#view=triggers")
    assert errors(page) == [] and all(f"发现 F{n}" in page.text("view") for n in range(4)) and "依据 1 条" in page.text("view")
    assert errors(browse(f"{api.url}#view=screen")) == []


def test_a_case_leads_back_to_what_was_found_by_it(api):
    one = lived()
    api.pages.update({"/api/names": NAMES, "/api/triggers": {"rows": [fired("F1", "repeat", [one["case"]], 0, {"type_code": "R0105"})], "next": None}})
    for address in (told(api, one), f"{api.url}#view=desk&case={one['case']}"):
        api.asked.clear()
        page = browse(address)
        assert errors(page) == [] and ("/api/triggers", {"evidence": one["case"], "limit": "20"}) in api.asked
        assert "本件是以下 1 项发现的依据" in page.text("evidence_of") and "多次反映" in page.text("evidence_of") and "待派单 · 发现" in page.text("evidence_of")
        assert "#view=case&case=proactive%3Arepeat%3AF1" in page.links and "finding" not in page.texts
    api.guarded = ("/api/triggers",)
    page = browse(told(api, one))
    assert errors(page) == [] and "evidence_of" not in page.texts and "朝外街道" in page.text("why")
