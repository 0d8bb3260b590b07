# SPDX-License-Identifier: Apache-2.0
"""No direct identifier leaves raw, dead and contacts. Invented names, telephone and identity-card numbers go into the
personal fields of every shipped feed, into fields that refuse them, and into what cannot be read at all, by HTTP and by
file; then every byte that came out anywhere is searched for them."""
import io
import json
import sys

import psycopg2
import pytest

from district import ROOT, running, until

sys.path.insert(0, str(ROOT / "tests" / "support"))
from canaries import Canaries, broken, csv_upload, families, json_upload  # noqa: E402 the folder is no package

UNIT = "s110105001"
KEPT = ("cb.raw", "cb.dead", "cb.contacts")  # where identifiers may lie


@pytest.fixture(scope="module")
def alone():
    """A district whose files, topics and tables hold nothing else."""
    def prepare(district):
        district.environment["CITYBRAIN_DROP"] = str(district.run / "drop")
        district.environment["CITYBRAIN_SETTINGS_INGEST"] += " ingest.drop_stable=500ms ingest.drop_look=250ms"

    with running(prepare=prepare) as district:
        yield district


def uploads(family, canaries):
    """(body, is it whole?) of every golden case of the feed, and of what nobody can read."""
    for path in family.cases():
        body = (csv_upload if family.format == "csv" else json_upload)(family, canaries, path)
        if body:
            yield body, True
    for body in broken(family, canaries):
        yield body, False


def post(district, family, body, check=False):
    """To the feed's door; what units say has a door of its own."""
    url, token = district.environment["CITYBRAIN_URL"], f"demo-{family.id}"
    path = f"/v1/feeds/{family.id}"
    if family.format == "cloudevents" and "namespace" not in family.mapping:
        path, token = f"/v1/units/{UNIT}/status", f"demo-{UNIT}"
    elif check:
        path += "/check"
    kind = {"csv": "text/csv", "cloudevents": "application/cloudevents+json"}.get(family.format, "application/x-ndjson")
    bodies = body.splitlines() if family.format == "cloudevents" else [body]
    return [district.http(url + path, one, Content_Type=kind, Authorization=f"Bearer {token}") for one in bodies if one]


def count(answers):
    """Accepted and rejected records of the answers."""
    verdicts = [json.loads(body) for status, body in answers if status == 200]
    return tuple(sum(v.get(key, 0) for v in verdicts) for key in ("accepted", "rejected"))


def drop(district, family, body, name):
    folder = district.run / "drop" / family.id
    (folder / f".{name}").write_bytes(body)
    (folder / f".{name}").rename(folder / name)


def receipts(district):
    return [path for sub in ("done", "failed") for path in (district.run / "drop").glob(f"*/{sub}/*")]


def dump(district):
    """Every row of every table, as text."""
    connection = psycopg2.connect(district.environment["CITYBRAIN_PG"])
    out = io.BytesIO()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables "
                           "WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')")
            for table, in cursor.fetchall():
                cursor.copy_expert(f"COPY {table} TO STDOUT", out)
    finally:
        connection.close()
    return out.getvalue()


def as_bytes(message):
    parts = [message.key(), message.value(), *(value for _, value in message.headers() or [])]
    return b"\n".join(part for part in parts if part)


def everything_that_came_out(district, answers):
    """Place -> bytes, of all that anybody but us may see."""
    topics = [t for t in district.monitor("e2e-reader").list_topics(timeout=10).topics if t not in KEPT]
    for message in district.records_of(topics):
        # what a unit writes lies in its own topic as it came; our answer to it does not
        if not message.topic().startswith("cb.status."):
            yield f"topic {message.topic()}", as_bytes(message)
    for path in (district.run / "daemons").glob("*.log"):
        yield f"log {path.name}", path.read_bytes()
    for name in ("INGEST", "ROUTER", "AGGREGATOR"):
        for url in district.address(f"CITYBRAIN_{name}_ADMIN"):
            for page in ("metrics", "livez", "readyz"):
                yield f"{name} /{page}", district.http(f"{url}/{page}")[1]
    for status, body in answers:
        yield f"answer {status}", body
    for path in receipts(district):
        if path.suffix in (".txt", ".json", ".receipt"):
            yield f"receipt {path.parent.parent.name}/{path.name}", path.read_bytes()
    yield "PostgreSQL", dump(district)
    api = district.environment["CITYBRAIN_API"] + "/api/views"
    for view in json.loads(district.http(api)[1])["views"]:
        yield f"view {view['view']}", district.http(f"{api}/{view['view']}")[1]


def test_no_identifier_comes_out_anywhere(alone):
    canaries, answers, dropped, shown = Canaries(20260302), [], 0, {}
    for family in families(alone.config):
        mine, before = [], len(canaries.planted)
        for number, (body, whole) in enumerate(uploads(family, canaries)):
            mine += post(alone, family, body)
            answers += post(alone, family, body, check=True)
            if family.format != "cloudevents":
                drop(alone, family, body, f"{number}.{'csv' if family.format == 'csv' else 'ndjson'}")
                dropped += 1
        assert {status for status, _ in mine} <= {200, 400, 415, 422}, (family.id, mine[:3])
        accepted, rejected = count(mine)
        assert accepted > 0 and rejected > 0 and len(canaries.planted) > before, (family.id, accepted, rejected)
        shown[family.id] = accepted
        answers += mine
    assert len(shown) >= 10 and len(canaries.planted) > 1000
    until(lambda: sum(path.suffix == ".txt" for path in receipts(alone)) >= dropped, "every file has its receipt", 120)
    alone.settle()

    # what was planted did arrive
    arrived = b"\n".join(as_bytes(message) for message in alone.records_of(["cb.raw"]))
    missing = set(canaries.planted) - set(canaries.found_in(arrived))
    assert len(missing) < len(canaries.planted) / 10, f"{len(missing)} of {len(canaries.planted)} never arrived"
    assert len(alone.records("cb.events")) > 100 and len(alone.records("cb.dead")) > 100

    searched, found = {}, []
    for place, data in everything_that_came_out(alone, answers):
        kind = place.split()[0]
        searched[kind] = searched.get(kind, 0) + len(data)
        found += [f"{place}: {canary} ({where})" for canary, where in canaries.found_in(data).items()]
    print("bytes searched:", searched, "canaries:", len(canaries.planted))
    assert {"topic", "log", "INGEST", "answer", "receipt", "PostgreSQL", "view"} <= set(searched)
    assert all(searched.values()) and not found, f"{len(found)} hits\n" + "\n".join(found[:20])
