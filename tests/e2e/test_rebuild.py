# SPDX-License-Identifier: Apache-2.0
"""`citybrain rebuild` on real parts: a wrong cell is found and replaced while orders come in, and nothing else moves
(make bench-rebuild does it with a million events)."""
import json
import threading

import psycopg2

from test_path import LEAD, order


def rebuild(district, *words):
    done = district.citybrain("rebuild", "--json", "--config", district.config, *words, check=False, seconds=120)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


def spoil(district):
    """One more was opened than anybody said; returns where."""
    with psycopg2.connect(district.environment["CITYBRAIN_PG_ADMIN"]) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE core.cell_closure_rate SET opened_n = opened_n + 1 WHERE ctid = (SELECT ctid FROM "
                       "core.cell_closure_rate WHERE opened_n > 0 LIMIT 1)")
        assert cursor.rowcount == 1


def test_a_wrong_cell_is_found_and_replaced_while_orders_come_in(district):
    district.accepted("hotline", [order(f"RB0-{n}", 承办单位=LEAD) for n in range(20)])
    district.settle()
    assert district.citybrain("rebuild", "--execute", check=False).returncode == 64  # who, and why
    status, found = rebuild(district)
    assert (status, found["differing"], found["swapped"]) == (0, 0, False) and found["sets"] >= 20

    spoil(district)
    ended, sent = threading.Event(), []

    def send():
        while not ended.is_set():
            sent.append(order(f"RB1-{len(sent)}", 承办单位=LEAD))
            district.accepted("hotline", sent[-1:])
    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    try:
        status, found = rebuild(district)
        wrong = [t["table"] for t in found["tables"] if t["differing"]]
        assert (status, found["differing"], wrong) == (1, 1, ["cell_closure_rate"])
        status, found = rebuild(district, "--execute", "--as", "李四", "--reason", "人工改动过统计格")
        assert (status, found["swapped"]) == (0, True) and found["sets"] >= 20
    finally:
        ended.set()
        sender.join(30)
    assert sent
    district.settle()
    who, reason = district.sql("SELECT who, reason FROM core.audit WHERE verb = 'rebuild' ORDER BY 1 LIMIT 1")[0]
    assert (who, reason) == ("李四", "人工改动过统计格")
    verified = district.citybrain("verify", "--cells", "--json", "--config", district.config, seconds=120)
    assert json.loads(verified.stdout)["differences"] == 0
    status, found = rebuild(district)
    assert (status, found["differing"]) == (0, 0)
    assert district.citybrain("rebuild", "--drop", "--config", district.config).returncode == 0
    assert district.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'fill'") == [(0,)]
