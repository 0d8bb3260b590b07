# SPDX-License-Identifier: Apache-2.0
"""A city platform's export as a station drops it: GB18030 CSV with record ids, and every kind of dirt planted at
places that are known here, by arithmetic on the bytes and by nothing of ours."""
import datetime
import random

COLUMNS = ["工单编号", "诉求性质", "问题分类", "反映街乡", "受理时间", "评分", "主要内容", "更新时间"]
CHINA = datetime.timezone(datetime.timedelta(hours=8))
STREETS = ["110105001", "110105002", "110105003"]


def encode(text):
    return text if isinstance(text, bytes) else text.encode("gb18030")


def clean(number, draw):
    """The cells of one good row; texts of all sorts, quoted where they must be."""
    when = datetime.datetime.now(CHINA) - datetime.timedelta(days=draw.randrange(1, 20), minutes=draw.randrange(1440))
    pattern = draw.choice(["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M"])
    text = draw.choice(["楼前堆物" * 150, '"他说""不行"",再来"', '"第一行\n第二行"', "𠮷家的灯不亮", "", "丂丄丅|\\"])
    return [number, draw.choice(["咨询", "求助", "投诉"]), "R0105", draw.choice(STREETS), when.strftime(pattern),
            draw.choice(["", "-", "1", "5"]), text, "2026-01-02 03:04:05"]


def tomorrow():
    return (datetime.datetime.now(CHINA) + datetime.timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")


def cell(column, value, shift=0):
    """Dirt in one cell; the fault lies `shift` bytes into it."""
    def spoil(cells):
        cells[column] = value
        return column, shift
    return spoil


def cut(cells):
    """The line ends early: the first cell that is not there is the fault."""
    del cells[5:]
    return 5, None


def two_more(cells):
    cells += ["多", "余"]
    return len(COLUMNS), 0


# (reason, what is done to the cells of a good row); each gives (column from 0, byte in the cell, None = the row's end).
DIRT = [
    ("bad_charset", cell(6, encode("楼前") + b"\xff" + encode("堆物"), 4)),
    ("bad_charset", cell(6, b"\x81", 0)),
    ("bad_charset", cell(0, b"EX\xa1\x20\x80", 2)),
    ("nul_character", cell(6, b"a\x00b", 1)),
    ("bad_column_count", cut),
    ("bad_column_count", two_more),
    ("bad_csv", cell(6, '"关了"又说', 5)),
    ("bad_date", cell(4, "二月三十")),
    ("bad_date", cell(4, "2026-02-30 10:00:00")),
    ("bad_date", cell(4, "26/1/1")),
    ("bad_date", cell(7, "昨天")),
    ("missing_field", cell(4, "")),
    ("missing_field", cell(1, "-")),
    ("missing_field", cell(3, "")),
    ("unknown_code", cell(1, "闲聊")),
    ("bad_number", cell(5, "好")),
    ("out_of_range", cell(5, "6")),
    ("out_of_range", cell(5, "0")),
    ("value_too_long", cell(2, "R" * 17)),
    ("bad_identity", cell(0, "")),
    ("bad_identity", cell(0, "9" * 200)),
    ("time_in_future", cell(4, tomorrow())),
]
NO_RECORD = {"bad_column_count", "bad_csv", "bad_identity"}  # where the number cannot be read for sure


class Export:
    """`bytes`, and `faults`: what must be said of each dirty row."""

    def __init__(self, seed, rows, dirty_every, prefix="EX"):
        draw = random.Random(seed)
        out = bytearray(encode(",".join(COLUMNS)) + b"\r\n")
        self.good, self.faults, self.mended = [], [], []
        for row in range(1, rows + 1):
            number = f"{prefix}{seed}-{row}"
            cells = clean(number, draw)
            whole = list(cells)
            reason, spoil = (DIRT[(row // dirty_every) % len(DIRT)] if row % dirty_every == 0 else (None, None))
            column, inside = spoil(cells) if spoil else (None, None)
            raw = [encode(c) for c in cells]
            if reason:
                before = b"".join(c + b"," for c in raw[:column])
                end = b",".join(raw)
                offset = len(out) + (len(end) if inside is None else len(before) + inside)
                known = reason not in NO_RECORD and not (reason == "bad_charset" and column == 0)
                self.faults.append({"row": row, "reason": reason, "column": column + 1, "offset": offset,
                                    "record": number if known else None})
                self.mended.append(whole)
            else:
                self.good.append(number)
            out += b",".join(raw) + draw.choice([b"\r\n", b"\n"]) + draw.choice([b"", b"", b"", b"\r\n"])
        self.bytes = bytes(out)

    def correction(self):
        """A file of the dirty rows alone, as they should have been."""
        lines = [",".join(COLUMNS)] + [",".join(cells) for cells in self.mended]
        return encode("\r\n".join(lines) + "\r\n")
