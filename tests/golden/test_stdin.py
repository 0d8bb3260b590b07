# SPDX-License-Identifier: Apache-2.0
"""`citybrain-ingest --stdin`: the events and rejects of every golden case, without a broker; the same as
`citybrain try` makes; bounded memory; faults that stop the whole input."""
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BINARIES = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug")
CASES = sorted(p for p in (ROOT / "config/feeds/cases").glob("*/*/input.*")
               if "format: cloudevents" not in (ROOT / f"config/feeds/{p.parts[-3]}.yaml").read_text())
CLOCK = "2026-03-31T23:33:20Z"  # after every row of the cases
HEADER = "工单编号,诉求性质,问题分类,反映社区,反映街乡,承办单位,受理时间,截止时间,来电人,来电号码,主要内容,办结时间,结案时间,更新时间"


def row(number, kind="投诉"):
    return f"{number},{kind},R0105,,110105001,,2026-01-05 08:00:00,,,,,,,"


def run(data, *words, status=0):
    """Through a file where data is a path, else through a pipe."""
    command = [BINARIES / "citybrain-ingest", "--stdin", *words]
    if isinstance(data, Path):
        with data.open("rb") as file:
            done = subprocess.run(command, stdin=file, cwd=ROOT, capture_output=True, timeout=120)
    else:
        done = subprocess.run(command, input=data, cwd=ROOT, capture_output=True, timeout=120)
    assert done.returncode == status, (done.returncode, done.stderr.decode()[-2000:])
    return [json.loads(line) for line in done.stdout.decode().splitlines()], done.stderr.decode()


def said_by(path):
    """What a case says of its upload: a charset that is not its feed's, a day of its own."""
    case = path.parent / "case.yaml"
    said = (yaml.safe_load(case.read_text()) or {}) if case.exists() else {}
    received = said.get("received", CLOCK)
    moment = received if isinstance(received, str) else received.strftime("%Y-%m-%dT%H:%M:%SZ")
    return [*(["--charset", said["charset"]] if "charset" in said else []), "--clock", moment]


def words_of(path):
    words = ["--feed", path.parts[-3], *said_by(path)]
    return words + (["--form", "array"] if path.suffix == ".json" else [])


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parts[-3]}/{p.parts[-2]}")
def test_a_case_gives_what_try_gives_by_file_and_by_pipe(path):
    tried = subprocess.run([BINARIES / "citybrain", "try", path, "--feed", path.parts[-3],
                            "--events", "--rejects", *said_by(path)], cwd=ROOT, capture_output=True, timeout=60)
    lines = [json.loads(line) for line in tried.stdout.decode().splitlines()]
    events = [line for line in lines if line.get("feed") == path.parts[-3]]
    rejects = [line["header"]["reason"] for line in lines if "header" in line]
    if "header_drift" in rejects:
        printed, said = run(path, *words_of(path), status=65)
        assert (printed, "header_drift" in said) == ([], True)
        return
    printed, _ = run(path, *words_of(path), status=tried.returncode)
    assert [line for line in printed if "reject" not in line] == events
    assert [line["reject"]["reason"] for line in printed if "reject" in line] == rejects
    assert run(path.read_bytes(), *words_of(path), status=tried.returncode)[0] == printed


def test_the_charset_may_be_said():
    text = f"{HEADER}\n{row('S1')}\n"
    told = [run(text.encode(charset), "--feed", "hotline_csv", "--charset", word, "--clock", CLOCK)[0]
            for charset, word in (("gb18030", "gbk"), ("utf-8", "utf-8"))]
    assert told[0] == told[1] and told[0][0]["subject"] == "request:12345:S1"


@pytest.mark.parametrize("data, reason", [
    (b"", "empty_file"), (b"PK\x03\x04zip", "not_text"), ("编号\n1\n".encode("gb18030"), "header_drift"),
    (HEADER.encode("gb18030") + b"\n" + b"x" * 3_000_000, "item_too_long")],
                         ids=["empty", "zip", "drift", "long"])
def test_what_is_wrong_as_a_whole_is_said_and_nothing_is_printed(data, reason):
    printed, said = run(data, "--feed", "hotline_csv", status=65)
    assert printed == [] and reason in said


def test_a_header_is_told_by_what_it_has_and_what_it_lacks(tmp_path):
    path = tmp_path / "drifted.csv"
    path.write_bytes(HEADER.replace("诉求性质", "诉求种类").encode("gb18030") + b"\n1\n")
    _, said = run(path.read_bytes(), "--feed", "hotline_csv", status=65)
    assert "“诉求种类”（第 2 列）；缺少“诉求性质” / \"诉求种类\" (column 2); \"诉求性质\" is missing" in said
    tried = subprocess.run([BINARIES / "citybrain", "try", path, "--feed", "hotline_csv"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "first: row 0, byte 9, 诉求种类, 缺少 missing: 诉求性质\n" in tried.stdout


@pytest.mark.parametrize("words, status, said", [
    ([], 64, "--feed FEED is needed"), (["--feed"], 64, "value is missing"), (["--feed", "nobody"], 78, "nobody"),
    (["--feed", "hotline_csv", "--charset", "big5"], 64, "big5"), (["--feed", "hotline", "--form", "x"], 64, "array"),
    (["--feed", "hotline", "--clock", "noon"], 64, "noon"), (["--feed", "hotline", "--odd"], 64, "--help")])
def test_a_wrong_word_is_told(words, status, said):
    assert said in run(b"", *words, status=status)[1]


def test_help_teaches():
    done = subprocess.run([BINARIES / "citybrain-ingest", "--stdin", "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "--charset" in done.stdout and "Exit:" in done.stdout


def test_memory_does_not_grow_with_the_input(tmp_path):
    """Forty times the rows through a pipe, every second one rejected."""
    peaks = []
    for count in (15_000, 600_000):
        path = tmp_path / f"{count}.csv"
        with path.open("w", encoding="gb18030") as out:
            out.write(HEADER + "\n")
            out.writelines(row(f"M{i}", "投诉" if i % 2 else "闲聊") + "\n" for i in range(count))
        with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as source:
            reader = subprocess.Popen([BINARIES / "citybrain-ingest", "--stdin", "--feed", "hotline_csv"], cwd=ROOT,
                                      stdin=source.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            peak = 0
            while reader.poll() is None:  # its own memory: what wait() tells has the parent's in it
                status = Path(f"/proc/{reader.pid}/status").read_text()
                peak = max([peak] + [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")])
                time.sleep(0.005)
        assert reader.returncode == 1
        peaks.append(peak)
    assert peaks[1] < peaks[0] + 4096 and peaks[1] < 32 * 1024, peaks
