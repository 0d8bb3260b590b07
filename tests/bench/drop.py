# SPDX-License-Identifier: Apache-2.0
"""A large file in a drop directory: what ingest holds while it takes it, and how fast it does, on a real broker. Memory
is bounded when the large file needs no more than a small one.

usage: drop.py [MB]      default 1024; a tenth of it goes first. Every hundredth row is rejected.
Ends 1 when ingest held more than 64 MiB, or 8 MiB more for the large file."""
import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from district import District, until  # noqa: E402 the folder is no package

MOST_MIB, MOST_MORE_MIB = 64, 8
COLUMNS = "工单编号,诉求性质,问题分类,反映社区,反映街乡,承办单位,受理时间,截止时间,来电人,来电号码,主要内容,办结时间,结案时间,更新时间"


def write(path, mb):
    """GB18030 rows of 90 to 250 bytes; returns how many."""
    rows = 0
    with path.open("wb") as out:
        out.write(COLUMNS.encode("gb18030") + b"\r\n")
        while out.tell() < mb << 20:
            lines = [f"{path.stem}{n},{'闲聊' if n % 100 == 0 else '投诉'},R0105,,110105001,,2026-01-05 08:00:00,,张三,"
                     f"13800138000,\"{'楼前堆物,' * (n % 17)}\",,,\r\n" for n in range(rows, rows + 20000)]
            out.write("".join(lines).encode("gb18030"))
            rows += 20000
    return rows


def held(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def cpu(pid):
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def take(district, name, mb):
    folder = district.run / "drop" / "hotline_csv"
    part = folder / f"{name}.csv.part"
    rows = write(part, mb)
    size, pid = part.stat().st_size, district.pid("ingest-1")
    began, used = time.monotonic(), cpu(pid)
    part.rename(folder / f"{name}.csv")
    moved = until(lambda: list((folder / "done").glob(f"*Z-{name}.csv")), f"{name} is taken", 3000, 0.05)[0]
    seconds, used = time.monotonic() - began, cpu(pid) - used
    receipt = json.loads(Path(f"{moved}.json").read_bytes())
    assert (receipt["records"], receipt["rejected"], receipt["bytes"]) == (rows, rows // 100, size), receipt["rejected"]
    assert district.pid("ingest-1") == pid, "ingest died"
    moved.unlink()
    return {"mib": round(size / 2**20), "rows": rows, "seconds": round(seconds, 1), "mib_per_s": round(size / 2**20 / seconds, 1),
            "rows_per_s": round(rows / seconds), "cpu_us_per_row": round(used / rows * 1e6, 2), "held_mib": round(held(pid), 1)}


def main():
    mb = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    district = District(Path(os.environ.get("CITYBRAIN_BIN", ROOT / "build/release")))
    district.daemons = ["ingest-1"]
    district.environment["CITYBRAIN_DROP"] = str(district.run / "drop")
    district.environment["CITYBRAIN_SETTINGS_INGEST"] += " ingest.role=doors ingest.drop_when=rename ingest.drop_look=50ms"
    try:
        district.start()
        found = [take(district, "small", max(mb // 10, 1)), take(district, "large", mb)]
    finally:
        district.stop()
    for one in found:
        print("  ".join(f"{name} {value}" for name, value in one.items()))
    out = ROOT / "build/bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "drop.json").write_text(json.dumps(found, indent=1) + "\n")
    small, large = (one["held_mib"] for one in found)
    good = large <= MOST_MIB and large <= small + MOST_MORE_MIB
    print(f"held: {large} MiB for {found[1]['mib']} MiB (at most {MOST_MIB}, and {MOST_MORE_MIB} more than {small}): "
          f"{'good' if good else 'MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
