# SPDX-License-Identifier: Apache-2.0
"""Bundles that `make bench-router` compares: the district's own, one of a single rule, and one of a hundred rules and
thirty triggers. The rules of the last are what a district would add in years: special owners for some types in some
places and for some kinds of request; its triggers have every form, each about a matter of its own but for two that hear
every order, as of the district's own three in twenty do."""
import random

RULES, TRIGGERS = 100, 30
PLACE = """  - id: place
    when: { place: known, type_level: [street, district, utility, city, transfer, unknown] }
    then: { lead: { street_of: place }, say: "诉求发生地属{street},{type}由{lead}属地主责" }
  - id: fallback
    then: { to: desk, desk_cause: fallback, say: "无法确定承办单位(兜底),转{lead}派单" }
"""
HEAD = """rules: dispatch
classes:
  instant: { clock: natural }
  statutory: { clock: natural }
  transfer: { clock: natural }
  2h: { hours: 2, clock: natural }
  24h: { hours: 24, clock: natural }
  48h: { hours: 48, clock: natural }
  7d: { days: 7, clock: natural }
  15d: { days: 15, clock: natural }
entries:
"""
SAY = 'say: "{street}{type}由{lead}主责"'
ON = "on: { kind: request, stage: opened, type_code: [%s] }"
FORMS = (  # what it listens to, group, form
    (ON, "[community_code]", "count: { at_least: 100, within: 7d }"),
    (ON, "[community_code, type_code]", "count: { at_least: 100, distinct: { request_kind: 6 }, within: 3d }"),
    (ON, "[street_code, type_code]", "count: { at_least: 100, within: 24h }"),
    (ON, "[street_code]", "surge: { weeks: 8, judged_with: 4, sigma: 3, at_least: 5 }"),
    (None, "[community_code, type_code]", "sequence: { first: { kind: request, stage: closed, type_code: [%s] }, "
     "then: { kind: request, stage: opened, type_code: [%s] }, within: 15d, other_case: true }"),
    (ON, "[community_code]", "calendar: { every_year: \"10-15\", at_least: 3, within: 365d }"),
    (ON, "[community_code]", "notice: { of: { observation: weather_alert, sort: rain }, at_least: 2, within: 730d }"),
    ("on: { kind: request, stage: dispatched, type_code: [%s] }", "[case]",
     "absence: { of: { kind: request, stage: [signed, resolved, closed] }, within: 48h }"),
    ("on: { observation: heartbeat }", "[station]", "threshold: { field: waiting, above: 50, for: 2h, holds: 90m }"),
)
ALL = (  # of every order
    ("on: { kind: request, stage: opened }", "[community_code, type_code]", "count: { at_least: 100, within: 7d }"),
    ("on: { kind: request, stage: opened }", "[community_code, type_code]",
     "surge: { weeks: 8, judged_with: 4, sigma: 3, at_least: 5 }"),
)


def many_rules(codes, streets):
    pick, entries = random.Random(5), []
    for n in range(RULES - 2):
        code, street = codes[n % len(codes)], pick.choice(streets)
        more = ("request_kind: complaint", "request_kind: [help, report]", "place: known")[n % 3]
        lead = ("{ street_of: place }", "{ department_of: type_code }")[n % 2]
        entries.append('  - id: special_%02d\n    when: { type_code: %s, street_code: %s, %s }\n'
                       '    then: { lead: %s, %s }\n' % (n, code, street, more, lead, SAY))
    return HEAD + "".join(entries) + PLACE


def one_trigger(n, form, codes):
    on, group, how = form
    listed = ", ".join(codes)
    lines = ["trigger: bench_%02d" % n, "name: 第%d个" % n]
    lines += [on % listed if "%s" in on else on] if on else []
    lines += ["group: " + group, how % ((listed,) * how.count("%s")), "cool_down: 7d",
              'open: { type_code: R0105, place: same, say: "{community}应予核查" }']
    if "weather_alert" in how:
        lines.append("words: { rain: 暴雨 }")
    return "\n".join(lines) + "\n"


def write(folder, config, name, codes=(), streets=()):
    """A configuration beside `config`, whose files it shares but for rules and triggers."""
    target = folder / ("config-" + name)
    target.mkdir()
    for entry in config.iterdir():
        if entry.name not in ("rules", "triggers"):
            (target / entry.name).symlink_to(entry.resolve())
    (target / "triggers").mkdir()
    if name == "rules":
        (target / "rules").symlink_to((config / "rules").resolve())
        return target
    (target / "rules").mkdir()
    text = many_rules(codes, streets) if name == "loaded" else HEAD + PLACE
    (target / "rules/dispatch.yaml").write_text(text)
    for n in range(TRIGGERS if name == "loaded" else 0):
        form = ALL[n] if n < len(ALL) else FORMS[n % len(FORMS)]
        matter = [codes[(3 * n + k * 17) % len(codes)] for k in range(2)]
        (target / "triggers" / ("bench_%02d.yaml" % n)).write_text(one_trigger(n, form, matter))
    return target
