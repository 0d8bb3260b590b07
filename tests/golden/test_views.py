# SPDX-License-Identifier: Apache-2.0
"""Every number of every view of real requests, by `citybrain try` and by a recomputation from the file; however the rows are
ordered and repeated. The whole files, through brokers and PostgreSQL, are `make views-proof`."""
import csv
import gzip
import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "proof")]
import recompute  # noqa: E402 the folders are no packages
from district import shared  # noqa: E402

BINARIES = Path(os.environ.get("CITYBRAIN_BIN", ROOT / "build/debug"))
ROWS, CLOCK, UNTIL = 2000, "2020-02-01T00:00:00+08:00", "2012-06-30"


@pytest.fixture(scope="module")
def requests():
    folder = shared()
    if folder is None:
        pytest.skip("the real inputs (../shared/data) are not here, or SHARED=none")
    with gzip.open(folder / recompute.FILES["boston_311"][0], "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], rows[1::len(rows) // ROWS]


def tried(header, rows, folder, view, by, *more):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    path = folder / "requests.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    done = subprocess.run([str(BINARIES / "citybrain"), "try", str(path), "--feed", "boston_311", "--backfill", "--clock", CLOCK,
                           "--view", view, "--by", by, "--json", *more], cwd=ROOT, capture_output=True, timeout=120, check=True)
    return json.loads(done.stdout)["views"][view]


def test_every_number_is_that_of_the_file(requests, tmp_path):
    header, rows = requests
    cases = [recompute.boston(dict(zip(header, row))) for row in rows]
    now, numbers = recompute.milliseconds("2020-02-01 00:00:00", 480), 0
    for view, bucket, groups, wanted in recompute.every(cases, now):
        by = ("day,hour" if bucket == "hour" else bucket) + "".join(f",{group}" for group in groups)
        more = ("--to", UNTIL) if view in recompute.STOCKS else ()  # some are open for years
        wanted = {key: row for key, row in wanted.items() if not more or key[len(groups)] <= UNTIL}
        found = recompute.keyed(tried(header, rows, tmp_path, view, by, *more), groups, "day" if bucket == "hour" else bucket)
        said, compared = recompute.differences(wanted, found)
        assert not said, (view, bucket, said[:5])
        numbers += compared
    assert numbers > 20000


def test_order_and_repetition_change_nothing(requests, tmp_path):
    header, rows = requests
    wanted = {view: tried(header, rows, tmp_path, view, "unit,type_code,day") for view in ("closure_rate", "response_time", "on_time")}
    for seed in (1, 2, 3):
        lots = random.Random(seed)
        half = rows[len(rows) // 2:] + rows[:len(rows) // 2]
        again = half + lots.sample(rows, len(rows) * 3 // 10)
        if seed > 1:
            lots.shuffle(again)
        for view, kept in wanted.items():
            assert tried(header, again, tmp_path, view, "unit,type_code,day") == kept, (seed, view)
