#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/feeds.md out of the feeds' own files: feeds_head.md, then a section a family.

  feeds.py            write docs/feeds.md
  feeds.py --check    write nothing, exit 1 when it is stale
"""
import csv
import json
import sys
from collections import Counter
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
FEEDS = CONFIG / "feeds"
PAGE = ROOT / "docs/feeds.md"
HEAD = Path(__file__).with_name("feeds_head.md")

# What was said of real tables that are no part of the repository; a test sends them.
FOREIGN = {
    "pingshan_a": "Rejects: none. All 5,000 rows of the real table are accepted, in UTF-8 and in GB18030, and give the same bytes. Its missing "
                  "values are `-`, never empty, so `missing` has both; there is no closing time, so its orders only open; one "
                  "unit code goes under several names, so only codes are taken.",
    "teddy_replied": "Rejects: none. All 1,408 rows of the real table are accepted in both charsets. Times lack leading zeros, one is an Excel "
                     "serial number, one answer has a day alone: each is a pattern of its own, none is guessed. Its answers "
                     "are a selection, so its closure rate of 1 means nothing.",
    "teddy_messages": "Rejects: none. All 2,163 rows of the real table are accepted in both charsets; 45 times are Excel serial numbers.",
    "teddy_unlabelled": "Rejects: none. All 1,400 rows of the real table are accepted in both charsets; the type is empty in all of them, which "
                        "is why it is not required.",
}
USUAL_DATES = ["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "RFC 3339"]  # where a moment names none
GROUPS = [
    ("Requests", ["hotline", "hotline_csv", "direct", "callbacks", "chaowoshuo", "status"]),
    ("Services of stations", ["platform", "platform_csv", "single_window", "appointment", "heartbeat", "visits"]),
    ("Deliberation, projects and works",
     ["forum13", "deliberation", "proposal", "project", "works", "partnership"]),
    ("What happens in the district", ["weather", "works_notice", "outage"]),
    ("Registries", ["registry_stations", "registry_units", "registry_divisions", "registry_estates", "registry_halls",
                    "registry_facilities", "registry_labels", "registry_admissions", "registry_population"]),
]


def as_list(value):
    return value if isinstance(value, list) else [value]


def code(values):
    return " ".join(f"`{v}`" for v in as_list(values) if v != "") or "–"


def said_by(path):
    """The comment above the feed: what it is."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").strip())
    return " ".join(lines)


def how(field):
    """What is made of a value, in the mapping's words."""
    words = []
    if "table" in field:
        words.append(f"table {field['table']}")
    if "registry" in field:
        words.append(f"registry {field['registry']} by {', '.join(as_list(field.get('by', 'code')))}")
    if "level" in field:
        words.append(f"level {field['level']}")
    if "split" in field:
        words.append("each part between " + code(field["split"]))
    if "unknown" in field:
        words.append("else as it stands" if field["unknown"] == "keep" else f"else `{field['unknown']}`")
    if "date" in field:
        words.append("date " + code(field["date"]))
    if field.get("day") == "end":
        words.append("a day alone: its end")
    if "words" in field:
        words.append("words " + ", ".join(as_list(field["words"])))
    if "range" in field:
        words.append(f"{field['range'].get('from', '')} … {field['range'].get('to', '')}")
    if "const" in field:
        words.append(f"always `{field['const']}`")
    if "default" in field:
        words.append(f"default `{field['default']}`")
    if field.get("digits") == "true":
        words.append("digits alone")
    if "max" in field:
        words.append(f"at most {field['max']} bytes")
    return "; ".join(words) or "as it is"


def conditions(event):
    def one(value):
        if isinstance(value, dict):
            return ", ".join(f"{k} {' '.join(as_list(v))}" for k, v in value.items())
        return " or ".join(as_list(value))
    return ", ".join(f"`{column}` {one(value)}" for column, value in event.get("when", {}).items())


def field_rows(event):
    time = event["time"]
    time = time if isinstance(time, dict) else {"from": time}
    yield "time", {"date": USUAL_DATES, **time, "required": "true"}
    for name, field in event.get("data", {}).items():
        yield name, field if isinstance(field, dict) else {"from": field}


def write_event(out, event):
    family = next(word for word in ("stage", "observation", "registry") if word in event)
    told = conditions(event)
    out.append(f"\n**{family} `{event[family]}`**{', when ' + told if told else ', of every record'}\n")
    out.append("| field | from | class | how | required |")
    out.append("|---|---|---|---|---|")
    for name, field in field_rows(event):
        hidden = field.get("class", "public")
        shown = "flags only" if "words" in field else hidden
        out.append(f"| `{name}` | {code(field.get('from', ''))} | {shown} | "
                   f"{how(field) if hidden == 'public' or 'words' in field else 'dropped' if hidden in ('drop', 'contact') else hidden} | "
                   f"{'yes' if field.get('required') == 'true' else ''} |")


def table_rows(table):
    if isinstance(table, dict) and "file" not in table:
        return table
    named = table if isinstance(table, dict) else {"file": table}
    lines = [line for line in (FEEDS / named["file"]).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {row[named.get("from", "from")]: row[named.get("to", "to")] for row in csv.DictReader(lines)}


def write_cases(out, feed):
    names = sorted(path.name for path in (FEEDS / "cases" / feed).iterdir()
                   if path.name.startswith("sample_") or path.name == "dirty")
    out.append("\nSamples: " + ", ".join(f"[{name}](../config/feeds/cases/{feed}/{name})" for name in names) +
               f"; all [golden cases](../config/feeds/cases/{feed}).")
    reasons = Counter()
    for name in names:
        for line in (FEEDS / "cases" / feed / name / "expected.jsonl").read_text(encoding="utf-8").splitlines():
            said = json.loads(line)
            if "reject" in said:
                reasons[said["reject"]["reason"]] += 1
    out.append("Faults shown in them: " + ", ".join(f"[{r}](rejects.md)" for r in sorted(reasons)) + ".")


def write_version(out, version):
    if version["format"] == "cloudevents" and "events" not in version:
        out.append("\nCloudEvents 1.0, binary or structured: id, source, type, subject (the case) and time are the sender's; unit "
                   "and party come from the topic or the credential. Of its data only codes, times and short numbers go on.")
        return
    header = {"strict": "strict: exactly these columns", "by_name": "by name: other columns are dropped"}
    lines = [("format", f"{version['format']}, {version.get('charset', 'utf-8')}" +
              (f", header {header[version.get('header', 'by_name')]}" if version["format"] == "csv" else "")),
             ("times", f"{version.get('zone', 'UTC')}"),
             ("missing", code(['""' if m == "" else m for m in version.get("missing", [])]) if version.get("missing") else "–"),
             ("identity", f"`{version['namespace']}:` with {code(version['number'])}" +
              (f" and {code(version['identity'])}" if "identity" in version else "")),
             ("revision", code(version["revision"]) if "revision" in version else "by arrival"),
             ("width", "full-width letters and digits are read as half-width" if version.get("width") == "half" else "")]
    if "aliases" in version:
        lines.append(("aliases", ", ".join(f"{k} = `{v}`" for k, v in version["aliases"].items())))
    out.append("")
    out += [f"- {name}: {value}" for name, value in lines if value]
    for event in version["events"]:
        write_event(out, event)
    for name, table in version.get("tables", {}).items():
        rows = table_rows(table)
        out.append(f"\nTable `{name}`: " + ", ".join(f"{k} → `{v}`" for k, v in rows.items()))
    for name, words in version.get("words", {}).items():
        out.append(f"\nWords `{name}`: " + (", ".join(words) if isinstance(words, list) else f"file `{words}`"))


def write_feed(out, feed, stations):
    path = FEEDS / f"{feed}.yaml"
    document = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    name = document["name"]
    called = name if isinstance(name, str) else f"{name['zh']} · {name['en']}"
    out.append(f"\n### `{feed}` {called}\n\n{said_by(path)}\n")
    facts = [f"owner `{document['owner']}`"]
    if "party" in document:
        facts.append(f"party `{document['party']}`")
    if stations.get(feed):
        facts.append(f"{stations[feed]} of the {sum(stations.values())} sample stations")
    out.append(f"[{path.name}](../config/feeds/{path.name}): " + ", ".join(facts) + ".")
    if feed in FOREIGN:
        out.append("\n" + FOREIGN[feed])
    for version in reversed(document["versions"]):
        out.append(f"\n#### version {version['version']}, from {version['valid_from']}" if len(document["versions"]) > 1 else "")
        write_version(out, version)
    write_cases(out, feed)


def page():
    lines = (CONFIG / "registries/stations.csv").read_text(encoding="utf-8").splitlines()
    stations = Counter(row["family"] for row in csv.DictReader(line for line in lines if not line.startswith("#")))
    feeds = sorted(path.stem for path in FEEDS.glob("*.yaml"))
    grouped = [feed for _, group in GROUPS for feed in group]
    others = [feed for feed in feeds if feed not in grouped]
    out = ["<!-- made by `make docs` of tools/docs/feeds_head.md and config/feeds/; do not edit -->"]
    out.append(HEAD.read_text(encoding="utf-8").rstrip())
    for title, group in GROUPS + [("Tables of elsewhere, and feeds of this district's own", others)]:
        if group:
            out.append(f"\n## {title}")
        for feed in group:
            write_feed(out, feed, stations)
    return "\n".join(out).replace("\n\n\n", "\n\n") + "\n"


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        print(__doc__, file=sys.stderr)
        return 64
    text = page()
    stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text
    if stale and check:
        print("docs/feeds.md is stale: make docs", file=sys.stderr)
    elif stale:
        PAGE.write_text(text, encoding="utf-8")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main())
