# SPDX-License-Identifier: Apache-2.0
"""Files in a drop directory, through kill -9: every fault of a dirty export is named in the same words and places by
the HTTP door, the receipt and `dead`; good rows count once; the same batch has the same ids through every door."""
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from district import ROOT, District, until
from export import Export

sys.path.insert(0, str(ROOT / "tests" / "support"))
from contracts import check_all  # noqa: E402 the folder is no package

HERE = Path(__file__).resolve().parent
CSV = "text/csv; charset=gb18030"


@pytest.fixture(scope="module")
def district(request):
    binaries = Path(os.environ.get("CITYBRAIN_BIN", "build/debug"))
    binaries = binaries if binaries.is_absolute() else ROOT / binaries
    district = District(binaries, HERE / "drop_feeds")
    district.environment["CITYBRAIN_DROP"] = str(district.run / "drop")
    district.environment["CITYBRAIN_SETTINGS_INGEST"] += " ingest.drop_when=rename ingest.drop_look=100ms"
    # Each process stands still once, when its third batch is stored: a file is met half taken.
    district.environment["CITYBRAIN_FAILPOINTS"] = "drop.batch_settled:stop:2"
    failed = request.session.testsfailed
    try:
        district.start()
        yield district
    finally:
        if request.session.testsfailed > failed:
            district.show_logs()
        left = district.stop()
    assert left == [], f"processes were left over: {left}"


def folder(district, feed, sub=""):
    return district.run / "drop" / feed / sub


def drop(district, feed, name, data):
    """As a careful sender does: written under another name, then renamed."""
    part = folder(district, feed) / f"{name}.part"
    part.write_bytes(data)
    part.rename(folder(district, feed) / name)


def standing_still(district):
    """Pid of an ingest that is stopped, if it is."""
    try:
        pid = district.pid("ingest-1")
        return pid if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T" else None
    except (AssertionError, OSError, ValueError):
        return None  # between two processes


def receipt(district, feed, name, sub="done", seconds=60):
    """Of the last file of that name, once it was moved. A process that stands still goes on."""
    def moved():
        if pid := standing_still(district):
            os.kill(pid, signal.SIGCONT)
        return sorted(folder(district, feed, sub).glob(f"*Z-{name}"))
    path = until(moved, f"{name} is in {sub}/", seconds)[-1]
    told = json.loads(Path(f"{path}.json").read_bytes())
    check_all("drop_receipt.json", [told])
    return told, Path(f"{path}.txt").read_text("utf-8-sig")


def rejects_of(answer):
    return [one for one in answer if one["verdict"] == "rejected"]


def opened(district, namespace):
    rows = district.sql("SELECT case_id, count(*) FROM api.case_timeline WHERE stage = 'opened' AND case_id LIKE %s "
                        "GROUP BY case_id", f"{namespace}:%")
    assert all(count == 1 for _, count in rows)
    return {case_id.rsplit(":", 1)[1] for case_id, _ in rows}


def events_of(district, feed, since=None):
    """id to event of a feed, from the log."""
    found = (json.loads(message.value()) for message in district.records("cb.events", since))
    return {event["id"]: event for event in found if event.get("feed") == feed}


def stdin_of(district, feed, data):
    done = subprocess.run([district.binaries / "citybrain-ingest", "--stdin", "--feed", feed, "--set",
                           f"bundle.config_dir={district.config}", "--config", district.config / "ingest.yaml"],
                          input=data, capture_output=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr.decode()
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["id"] for line in lines if "id" in line}, [line["reject"] for line in lines if "reject" in line]


def post(district, feed, data, path=""):
    status, body = district.http(f"{district.environment['CITYBRAIN_URL']}/v1/feeds/{feed}{path}", data,
                                 Content_Type=CSV, Authorization=f"Bearer demo-{feed}")
    assert status == 200, body[:500]
    return json.loads(body)


def killed_half_way(district, feed):
    """kill -9 of ingest while a file is half taken; returns when another is started."""
    pid = until(lambda: standing_still(district), "ingest stands still", 60)
    assert [path for path in folder(district, feed, "working").iterdir() if path.suffix == ".csv"]
    assert list(folder(district, feed, "done").iterdir()) == []
    assert 0 < len({message.value() for message in district.records("cb.raw")}) < 2000
    district.kill("ingest-1", pid)
    district.came_back("ingest-1", pid)


def test_a_dirty_export_is_explained_to_the_byte_and_counted_once_through_kills(district):
    export = Export(seed=1, rows=2000, dirty_every=20)
    assert len({fault["reason"] for fault in export.faults}) >= 12
    answer = rejects_of(post(district, "export", export.bytes, "/check")["results"])

    drop(district, "export", "orders.csv", export.bytes)
    killed_half_way(district, "export")
    killed_half_way(district, "export")
    told, text = receipt(district, "export", "orders.csv", seconds=90)
    assert list(folder(district, "export", "working").iterdir()) == []

    # The receipt: every planted fault, by record, row, column, byte, reason; nothing else.
    named = [{"record": None, **{key: one[key] for key in ("row", "reason", "column", "offset", "record") if key in one}}
             for one in told["rejects"]]
    assert named == export.faults
    assert (told["records"], told["accepted"], told["rejected"]) == (2000, len(export.good), len(export.faults))
    # The HTTP door says the same, in the same words; so does --stdin.
    assert told["rejects"] == answer
    assert stdin_of(district, "export", export.bytes)[1] == answer
    for one in told["rejects"]:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in one["message_zh"])
        assert one["message_zh"] in text and one["message_en"] in text and f"[字节 {one['offset']}]" in text
        assert "record" not in one or f"[编号 {one['record']}]" in text

    # `dead` too; a row that was read again after a kill is there again, with the same words.
    district.settle()
    dead = {}
    for message in district.records("cb.dead"):
        header = json.loads(dict(message.headers())["cb"])
        if header.get("upload") != told["upload"]:
            continue
        lead = message.value().index(b"\n") + 1
        inside = max(header["fault_offset"] - lead, 0)
        place = {"row": header["row"], "reason": header["reason"], "column": header["column"],
                 "offset": header["offset"] + inside, "record": header.get("record")}
        assert dead.setdefault(header["row"], place) == place
    assert [dead[row] for row in sorted(dead)] == export.faults

    # Good rows once; the same content again adds nothing, whatever it is called.
    assert opened(district, "request:export") == set(export.good)
    cells, raw_end = district.cells(), district.ends("cb.raw")
    drop(district, "export", "again.csv", export.bytes)
    told, text = receipt(district, "export", "again.csv")
    assert told["result"] == "repeat" and told["first"].endswith("-orders.csv") and "新增 0 条" in text
    assert district.ends("cb.raw") == raw_end and district.cells() == cells

    # Corrected rows add exactly themselves.
    drop(district, "export", "mended.csv", export.correction())
    told, _ = receipt(district, "export", "mended.csv")
    assert (told["accepted"], told["rejected"]) == (len(export.faults), 0)
    district.settle()
    assert opened(district, "request:export") == {f"EX1-{row}" for row in range(1, 2001)}
    assert sum(row[0] for row in district.sql("SELECT opened FROM api.closure_rate")) == 2000


def test_where_rows_are_the_identity_a_corrected_file_counts_anew_and_is_told_so(district):
    export = Export(seed=2, rows=60, dirty_every=20, prefix="RW")
    drop(district, "export_rows", "rows.csv", export.bytes)
    told, text = receipt(district, "export_rows", "rows.csv")
    assert told["identity"] == "row" and "作为新数据重新计入" in text and "counts anew" in text
    district.settle()
    first = events_of(district, "export_rows")
    assert len(first) == len(export.good)
    drop(district, "export_rows", "mended.csv", export.bytes + export.correction().split(b"\n", 1)[1])
    receipt(district, "export_rows", "mended.csv")
    district.settle()
    again = events_of(district, "export_rows")
    assert len(again) == 2 * len(export.good) + len(export.faults) and set(first) < set(again)


@pytest.mark.parametrize("feed", ["export", "export_rows"])
def test_one_batch_has_the_same_ids_through_http_drop_and_stdin(district, feed):
    for seed in range(10, 13):
        export = Export(seed, rows=40 + seed, dirty_every=3 + seed % 4, prefix=f"{feed}-")
        known = set(events_of(district, feed))
        printed, rejects = stdin_of(district, feed, export.bytes)
        assert len(printed) == len(export.good) and not printed & known
        answer = post(district, feed, export.bytes)
        district.settle()
        assert set(events_of(district, feed)) - known == printed
        drop(district, feed, f"batch{seed}.csv", export.bytes)
        told, _ = receipt(district, feed, f"batch{seed}.csv")
        assert told["rejects"] == rejects_of(answer["results"]) == rejects
        assert (told["result"], told["accepted"]) == ("done", len(export.good))
        district.settle()
        assert set(events_of(district, feed)) - known == printed
    _, body = district.http(district.environment["CITYBRAIN_INGEST_ADMIN"] + "/metrics")
    assert b'\ncitybrain_ingest_files_total{result="done"} ' in body
