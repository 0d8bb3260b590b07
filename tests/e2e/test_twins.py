# SPDX-License-Identifier: Apache-2.0
"""Real tables in UTF-8 and in GB18030, sent under the same feeds to two empty prefixes: what comes of them is the same to
the byte, because a charset is how a thing came and no part of it."""
import gzip
import json
import os
import shutil
from pathlib import Path

import pytest

from district import ROOT, District, shared, until

CLOCK_MS = 1_790_000_000_000
TABLES = {"pingshan_a": ("pingshan", 5000), "teddy_replied": ("teddy_replied", 1408),
          "teddy_messages": ("teddy_messages", 2163), "teddy_unlabelled": ("teddy_unlabelled", 1400)}
TWINS = {"utf-8": ("u8.", ""), "gb18030": ("gb.", ".gb18030")}


class Twins(District):
    """Two processes of ingest on one broker, each with its own prefix; few units, so few topics."""

    def begin(self):
        self.config = self.run / "config"
        shutil.copytree(ROOT / "config", self.config)
        units = self.config / "registries/units.csv"
        units.write_text("".join(line for line in units.read_text().splitlines(True)
                                 if line.startswith(("#", "code,", "desk,"))))
        for feed in (self.config / "feeds").glob("*.yaml"):
            if feed.stem not in {feed for feed, _ in TABLES.values()} | set(TABLES):
                feed.unlink()  # its owner is among those left out
        left = {"desk", *(feed.stem for feed in (self.config / "feeds").glob("*.yaml"))}
        tokens = self.config / "tokens.csv"
        tokens.write_text("".join(line for line in tokens.read_text().splitlines(True)
                                  if line.startswith(("#", "token,")) or line.split(",")[2] in left))
        self.environment["CITYBRAIN_CONFIG"] = str(self.config)
        self.command(ROOT / "deploy/local/parts", "start", seconds=120)
        for script in ("parts", "daemons"):
            for line in self.command(ROOT / "deploy/local" / script, "env").stdout.splitlines():
                name, value = line.split("=", 1)
                self.environment[name] = value.strip("'")
        settings = self.environment["CITYBRAIN_SETTINGS_INGEST"]
        self.environment["CITYBRAIN_READY_TRIES"] = "0"  # ready when it knows the time
        for slot, (prefix, _) in enumerate(TWINS.values(), 1):
            self.citybrain("topics", "apply", "--config", self.config, "--prefix", prefix, seconds=60)
            self.environment["CITYBRAIN_SETTINGS_INGEST"] = f"{settings} kafka.prefix={prefix}"
            self.command(ROOT / "deploy/local/daemons", "start", f"ingest-{slot}", seconds=60)
        self.set_clock(CLOCK_MS)

    def send(self, slot, feed, data, charset):
        def answered():
            try:
                status, body = self.http(f"{self.address('CITYBRAIN_URL')[slot]}/v1/feeds/{feed}", data,
                                         Content_Type=f"text/csv; charset={charset}", Authorization=f"Bearer demo-{feed}")
            except OSError:
                return None
            return json.loads(body) if status // 100 == 2 else None
        return until(answered, f"{feed} is taken in {charset}", 60, 0.5)

    def told(self, prefix, count):
        """Every event of a feed as (partition, feed, key, value), once all are there."""
        def events():
            found = [(m.partition(), json.loads(m.value())["feed"], m.key(), m.value())
                     for m in self.records(f"{prefix}events") if b'"source":"/feeds/' in m.value()]
            return found if len(found) >= count else None
        return until(events, f"{count} events on {prefix}events", 90, 1)


@pytest.fixture(scope="module")
def twins():
    if shared() is None:
        pytest.skip("the real inputs are not here, or SHARED=none")
    binaries = Path(os.environ.get("CITYBRAIN_BIN", "build/debug"))
    twins = Twins(binaries if binaries.is_absolute() else ROOT / binaries, slots=2, clock_ms=CLOCK_MS)
    try:
        twins.begin()
        yield twins
    except BaseException:
        twins.show_logs()
        raise
    finally:
        left = twins.stop()
    assert left == [], f"processes were left over: {left}"


def test_every_record_in_both_charsets_gives_the_same_bytes(twins):
    folder, told = shared() / "china-12345-a", {}
    for slot, (charset, (prefix, ending)) in enumerate(TWINS.items()):
        for feed, (table, rows) in TABLES.items():
            data = gzip.decompress((folder / f"{table}_a{ending}.csv.gz").read_bytes())
            answer = twins.send(slot, feed, data, charset)
            # docs/feeds.md says of these tables that nothing is rejected
            assert (answer["accepted"], answer["rejected"]) == (rows, 0), (feed, answer)
        told[charset] = twins.told(prefix, 9971 + 1408)
    assert sorted(told["utf-8"]) == sorted(told["gb18030"]) and len(told["utf-8"]) == 9971 + 1408
    for feed in TABLES:
        assert [e for e in sorted(told["utf-8"], key=lambda e: e[0]) if e[1] == feed] == \
            [e for e in sorted(told["gb18030"], key=lambda e: e[0]) if e[1] == feed], f"{feed}: another order"
    for prefix, _ in TWINS.values():
        assert twins.records(f"{prefix}dead") == []
