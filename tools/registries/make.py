#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the registries of the generated district, the unit codes and the local demo's tokens.

Facts are typed in below: the district, its 43 streets and townships, departments and utilities.
Everything else (communities, stations, tokens) is invented, and the same on every run: order and
choice come from SHA-256 of a fixed seed, never from a random generator.

config/codes.csv is append-only: numbers already in the file stay, missing codes are added at the end.

  make.py            write the files
  make.py --check    write nothing, exit 1 when a file differs from what would be written
"""
import csv
import hashlib
import io
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
SEED = "citybrain-district-1"
STATIONS = 269

# The district's 街乡: three digits after 110105, name, and whether it is a township (地区办事处).
# The kind cannot be read from the code: townships use numbers of the street range.
STREETS = """
001 建外街道;002 朝外街道;003 呼家楼街道;004 三里屯街道;005 左家庄街道;006 香河园街道
007 和平街街道;008 安贞街道;009 亚运村街道;010 小关街道;011 酒仙桥街道;012 麦子店街道
013 团结湖街道;014 六里屯街道;015 八里庄街道;016 双井街道;017 劲松街道;018 潘家园街道
019 垡头街道;020 首都机场街道;021 南磨房地区;022 高碑店地区;023 将台地区;024 太阳宫地区
025 大屯街道;026 望京街道;027 小红门地区;028 十八里店地区;029 平房地区;030 东风地区
031 奥运村街道;032 来广营地区;033 常营地区;034 三间房地区;035 管庄地区;036 金盏地区
037 孙河地区;038 崔各庄地区;039 东坝地区;040 黑庄户地区;041 豆各庄地区;042 王四营地区
043 东湖街道
"""
OLD_CODES = {"110105020": ["110105400"]}  # codes that sources still send

# code, name, kind, party by default; streets are put between the desk and the departments
DESK = ("desk", "区指挥中心", "desk", "desk")
OFFICES = """
d_market 区市场监管局;d_commerce 区商务局;d_urban 区城市管理委;d_housing 区住建委(房管局)
d_planning 市规自委朝阳分局;d_enforce 区城管执法局;d_traffic 朝阳交通支队;d_police 朝阳公安分局
d_justice 区司法局;d_labour 区人社局;d_education 区教委;d_health 区卫健委;d_insurance 区医保局
d_ecology 区生态环境局;d_civil 区委社会工委区民政局;d_greening 区园林绿化局;d_water 区水务局
d_emergency 区应急局;d_fire 区消防救援支队;d_disabled 区残联;d_veterans 区退役军人局
d_culture 区文化和旅游局;d_sports 区体育局;d_rural 区农业农村局;d_service 区政务服务局;d_petition 区信访办
u_heat 供热企业(北京热力集团等);u_water 北京自来水集团;u_drain 北京排水集团;u_power 国网北京朝阳供电公司
u_gas 北京燃气集团;u_telecom 通信运营企业;u_bus 北京公交集团;u_metro 地铁运营企业;u_heat_east 区域供热企业(示例)
c_120 急救机构;c_hotline 市民热线服务中心
"""
KINDS = {"d": "department", "u": "utility", "c": "city"}

# Invented community names: first, second, ending. Any likeness to a real one is chance.
FIRST = "安宁晨锦枫柳槐桐松竹梅兰荷菊云霞星月清澄涵润瑞祥"
SECOND = "和泰康裕华荣景秀雅怡馨韵溪汀湾林"
ENDINGS = ["苑", "里", "园", "家园", "庭", "东里", "西里"]

STAGES = """
opened classified dispatched signed forwarded contacted disputed dispute_decided extended
hold_requested held resumed escalated supervised whistle_blown whistle_reported co_assigned resolved
reviewed reopened closed merged unmerged linked exclusion_decided
recalled amended nudged overdue child_added undelivered delivered
accepted supplemented handled finished confirmed declined
withdrawn rated moved kept missed cancelled answered deliberated assigned evaluated
adopted realised started diagnosed designed agreed implemented handed_over assessed visited
"""
PARTIES = "source desk lead co sub callback router"
CASE_KINDS = "request service appointment deliberation proposal project works partnership proactive"
FEEDS = sorted(path.stem for path in (CONFIG / "feeds").glob("*.yaml") if path.stem != "status")

# When a station's counter is open: days 1 (Monday) to 7, civil time.
HOURS = ["1-5 09:00-17:30", "1-5 09:00-17:30", "1-5 09:00-18:00;6 09:00-12:00", "1-7,h 09:00-17:00",
         "1-5 08:30-11:30 13:30-17:30"]


def rank(*words):
    """A number that depends on the seed and the words alone."""
    digest = hashlib.sha256("\0".join((SEED,) + words).encode()).digest()
    return int.from_bytes(digest[:8], "big")


def pairs(text):
    """'a b;c d' over several lines -> [(a, b), (c, d)]"""
    entries = text.strip().replace("\n", ";").split(";")
    return [tuple(entry.split(" ", 1)) for entry in entries]


def street_rows():
    for suffix, name in pairs(STREETS):
        code = "110105" + suffix
        short = name.removesuffix("街道").removesuffix("地区")
        aliases = OLD_CODES.get(code, []) + [short] + ([short + "乡"] if "地区" in name else [])
        yield code, name, aliases


def community_rows():
    """10 to 14 a street; numbers from 901, where no real community has one."""
    names = iter(sorted((a + b + c for a in FIRST for b in SECOND for c in ENDINGS),
                        key=lambda name: rank("community", name)))
    for street, _, _ in street_rows():
        for number in range(10 + rank("communities", street) % 5):
            name = next(names)
            yield f"{street}{901 + number}", street, name + "社区", [name]


def division_rows():
    yield ["district", "110105", "", "朝阳区", "", "", ""]
    for code, name, aliases in street_rows():
        yield ["street", code, "110105", name, ";".join(aliases), "", ""]
    for code, street, name, aliases in community_rows():
        yield ["community", code, street, name, ";".join(aliases), "", ""]


def unit_rows():
    """topic is the last part of dispatch.<unit>, receipts.<unit>, status.<unit>."""
    yield list(DESK) + [DESK[0], "", ""]
    for code, name, _ in street_rows():
        yield ["s" + code, name + "办事处", "street", "lead", "s" + code, "", ""]
    for code, name in pairs(OFFICES):
        yield [code, name, KINDS[code[0]], "lead", code, "", ""]


def types(level):
    header, *rows = read_rows(CONFIG / "registries/request_types.csv")
    rows = [dict(zip(header, row)) for row in rows]
    return [row for row in rows if row["level"] == level]


def admission_rows():
    """What is the 街乡's first by its type; the rest is refused."""
    for row in types("street"):
        yield [row["code"], row["name"], "duty", row["unit"], "", ""]


def utility_area_rows():
    """Each utility serves the district; the heat of three townships is an invented enterprise's."""
    for row in types("utility"):
        yield [row["code"] + "@110105", row["unit"], "朝阳区", "", ""]
    names = {code: name for code, name, _ in street_rows()}
    for street in ("110105036", "110105037", "110105040"):
        yield ["R0201@" + street, "u_heat_east", names[street], "", ""]


def station_rows():
    """Every street has six stations, eleven streets one more; each in a community of its own."""
    by_street = {}
    for code, street, name, _ in community_rows():
        by_street.setdefault(street, []).append((code, name))
    extra = sorted(by_street, key=lambda street: rank("extra", street))
    extra = set(extra[:STATIONS - 6 * len(by_street)])
    number = 0
    for street, communities in by_street.items():
        chosen = sorted(communities, key=lambda row: rank("station", row[0]))
        chosen = sorted(chosen[:7 if street in extra else 6])
        own, served = {row[0] for row in chosen}, set()
        for community, name in chosen:
            number += 1
            code = f"st{number:03d}"
            family = "platform_csv" if rank("family", code) % 5 == 0 else "platform"
            cadence = ["1h", "1h", "4h", "1d"][rank("cadence", code) % 4]
            hours = HOURS[rank("hours", code) % len(HOURS)]
            # 一站一居, or 一站多居: a neighbour without a station of its own
            neighbours = [row[0] for row in communities if row[0] not in served and row[0] not in own]
            shared = neighbours[:1] if rank("shared", code) % 4 == 0 else []
            served.update(shared)
            yield [code, name + "服务站", community, street, ";".join([community] + shared), family,
                   cadence, hours, "", ""]


def token_rows():
    for feed in FEEDS:
        yield ["demo-" + feed, "feed", feed, "source"]
    for row in unit_rows():
        yield ["demo-" + row[0], "unit", row[0], row[3]]
    yield ["demo-callback", "unit", "desk", "callback"]


def code_rows():
    """What codes.csv holds already, then every code it lacks with the next number of its space."""
    path = CONFIG / "codes.csv"
    rows = read_rows(path)[1:] if path.exists() else []
    wanted = {"stage": STAGES.split(), "unit": [row[0] for row in unit_rows()],
              "party": PARTIES.split(), "kind": CASE_KINDS.split()}
    for space, codes in wanted.items():
        known = {row[2] for row in rows if row[0] == space}
        number = max((int(row[1]) for row in rows if row[0] == space), default=0)
        for code in codes:
            if code not in known:
                number += 1
                rows.append([space, str(number), code])
    return rows


def read_rows(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.reader(lines))


def table(comment, header, rows):
    out = io.StringIO()
    for line in comment:
        out.write("# " + line + "\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return out.getvalue()


GENERATED = "written by tools/registries/make.py; empty valid_from or valid_to = always"


def files():
    yield "registries/divisions.csv", table(
        ["the district and its 43 streets and townships are facts; the communities are GENERATED, "
         "not real ones", "aliases: names or old codes, separated by ;", GENERATED],
        "level,code,parent_code,name,aliases,valid_from,valid_to", division_rows())
    yield "registries/units.csv", table(
        ["kind: desk, street, department, utility, city; topic: the last part of dispatch.<unit>, "
         "receipts.<unit>, status.<unit>", GENERATED],
        "code,name,kind,party_default,topic,valid_from,valid_to", unit_rows())
    yield "registries/stations.csv", table(
        ["SAMPLES: invented stations, none of them real. communities: all that a station serves, its own "
         "first", "family: a feed of config/feeds; cadence: how often it is heard: 30m or 4h of its open hours, 1d "
         "each open day, 1w; hours:", "days 1 (Monday) to 7, h = public holidays too, and times, local; on a 调休 "
         "working day those of Monday", GENERATED],
        "code,name,community_code,street_code,communities,family,cadence,hours,valid_from,valid_to",
        station_rows())
    yield "registries/admissions.csv", table(
        ["准入: what may be given to a 街乡, by type, and which department asks; what is not here on the",
         "order's day is refused and goes to the desk. list: duty, plan, form, sign. SAMPLES: "
         "not the district's official lists", GENERATED],
        "code,name,list,unit,valid_from,valid_to", admission_rows())
    yield "registries/utility_areas.csv", table(
        ["who serves what where: type@place, the finest place first (estate, community, street, district); a type's "
         "own rows", "before those of the type above it. SAMPLES: the east's heat is invented", GENERATED],
        "code,unit,name,valid_from,valid_to", utility_area_rows())
    yield "codes.csv", table(
        ["append-only: these numbers stand in stored case lines.", "A number is never changed and never "
         "used again; a new code gets the next number of its space."],
        "space,number,code", code_rows())
    yield "tokens.csv", table(
        ["for the local demo on loopback only: everybody can read these. A real installation writes its "
         "own file", "and names it in ingest.tokens. kind: feed or unit; party: who the sender is in "
         "the life of a case.", "written by tools/registries/make.py"],
        "token,kind,name,party", token_rows())


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        print(__doc__, file=sys.stderr)
        return 64
    stale = []
    for name, text in files():
        path = CONFIG / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(("differs: " if check else "written: ") + f"config/{name}", file=sys.stderr)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
