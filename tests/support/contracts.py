# SPDX-License-Identifier: Apache-2.0
"""What records must look like: docs/schema as validators, for the golden and the end-to-end tests."""
import json
from pathlib import Path

from jsonschema import Draft202012Validator, RefResolver

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "schema"
SCHEMAS = {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def validator(name):
    base = FOLDER.as_uri() + "/"
    store = {base + other: schema for other, schema in SCHEMAS.items()}
    return Draft202012Validator(SCHEMAS[name], resolver=RefResolver(base + name, SCHEMAS[name], store))


def faults(check, document):
    """Why a document is not of its schema: one sentence a fault, none when it is."""
    return [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message[:200]}" for fault in check.iter_errors(document)]


def check_all(name, documents):
    """Every document is of that schema; the first few that are not are shown."""
    check, bad, count = validator(name), [], 0
    for document in documents:
        count += 1
        wrong = faults(check, document)
        if wrong:
            bad.append((wrong, document))
    assert not bad, f"{name}: {len(bad)} of {count}: " + json.dumps(bad[:3], ensure_ascii=False, indent=1)
    return count


def shape(event):
    """Events of one shape differ in values only, as far as a schema sees."""
    return event["type"], event["source"], tuple(sorted(event)), tuple(sorted(event.get("data", {}))[:20])


def sample(events, of_each=200, most=20000):
    """Some of every shape, the rest thinned out; the same ones each time."""
    seen, taken, others = {}, [], []
    for event in events:
        key = shape(event)
        seen[key] = seen.get(key, 0) + 1
        (taken if seen[key] <= of_each else others).append(event)
    room = max(0, most - len(taken))
    step = max(1, -(-len(others) // room)) if room else 1
    return taken[:most] + (others[::step] if room else [])
