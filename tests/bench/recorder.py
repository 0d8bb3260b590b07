# SPDX-License-Identifier: Apache-2.0
"""Listens in on one PostgreSQL client: a socket in between that keeps what each transaction writes as it was sent, so
that the bare statements are the same statements with the same rows; or the same rows, one at a time."""
import itertools
import re
import select
import socket
import struct
import threading
from datetime import date, timedelta

WANTED = re.compile(r"^(core_(sets|now|said|came|seen|firings|observations|observation_days)$|cell_|hist_)")
COPIED = re.compile(r"^(core_sets$|cell_|hist_)")  # those that COPY could write as they are
ROWS = re.compile(r"unnest\(((?:\$\d+::\w+\[\](?:, )?)+)\)(?: AS u)?")
HEAD, NUMBER = struct.Struct(">iiiii"), struct.Struct(">i")  # of an array in the binary format; an element's length
NULL = 0xffffffff
AS_TEXT = {25: bytes, 114: bytes, 16: lambda value: b"t" if value == b"\1" else b"f",
           1082: lambda value: str(date(2000, 1, 1) + timedelta(days=int.from_bytes(value, "big", signed=True))).encode()}
STARTUP_REQUESTS = (80877103, 80877104, 80877102)  # SSL, GSS, cancel: answered before the startup message


class Array(bytes):
    """As it was sent, in the binary format."""


class Connection:
    """Frontend messages of one connection, as far as prepared statements need it."""

    def __init__(self, recorder):
        self.recorder, self.bytes, self.started = recorder, bytearray(), False
        self.statements, self.open = {}, []

    def take(self, data):
        self.bytes += data
        while True:
            head = 1 if self.started else 0
            if len(self.bytes) < head + 4:
                return
            size = head + struct.unpack_from(">i", self.bytes, head)[0]
            if len(self.bytes) < size:
                return
            message = bytes(self.bytes[:size])
            del self.bytes[:size]
            if self.started:
                self.message(message[:1], message[5:])
            else:
                self.started = struct.unpack_from(">i", message, 4)[0] not in STARTUP_REQUESTS

    def message(self, kind, body):
        if kind == b"P":
            name, sql = body.split(b"\0", 2)[:2]
            self.statements[name] = sql
        elif kind == b"B":
            self.bind(body)

    def bind(self, body):
        _, name, rest = body.split(b"\0", 2)
        sql = self.statements[name]
        if sql == b"BEGIN":
            self.open = []
        elif sql == b"COMMIT":
            if self.open:
                self.recorder.transactions.append(self.open)
            self.open = []
        elif WANTED.match(name.decode()):
            self.open.append((name, sql, self.parameters(rest)))

    @staticmethod
    def parameters(rest):
        at = 2 + 2 * struct.unpack_from(">h", rest, 0)[0]
        count = struct.unpack_from(">h", rest, at)[0]
        at, values = at + 2, []
        for _ in range(count):
            size = NUMBER.unpack_from(rest, at)[0]
            values.append(Array(rest[at + 4:at + 4 + size]))
            at += 4 + size
        return values


class Recorder:
    def __init__(self, folder, server):
        folder.mkdir(exist_ok=True)
        self.transactions = []
        self.server = server
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / ".s.PGSQL.5432"))
        self.listener.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.server)
        connection = Connection(self)
        with client, server:
            while True:
                for source in select.select([client, server], [], [])[0]:
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    if source is client:
                        connection.take(data)
                        server.sendall(data)
                    else:
                        client.sendall(data)

    def write_script(self, path):
        write_script(path, self.transactions)

    def write_rows(self, path, together):
        """The same rows, one a statement, so many of the transactions in one."""
        def one_by_one(transaction):
            for name, sql, values in transaction:
                sql = ROWS.sub(lambda found: "(VALUES (%s)) AS u" % found.group(1).replace("[]", ""), sql.decode()).encode()
                for row in zip(*map(values_of, values)):
                    yield name, sql, row
        write_script(path, (itertools.chain.from_iterable(map(one_by_one, self.transactions[first:first + together]))
                            for first in range(0, len(self.transactions), together)))

    def counts(self):
        """Rows by statement."""
        found = {}
        for transaction in self.transactions:
            for name, _, values in transaction:
                found[name.decode()] = found.get(name.decode(), 0) + HEAD.unpack_from(values[0])[3]
        return found

    def copies(self):
        """The same rows for COPY, of plain statements: per transaction a list of (table, columns, text, rows)."""
        for transaction in self.transactions:
            yield [copy_of(sql.decode(), values) for name, sql, values in transaction if COPIED.match(name.decode())]


def write_script(path, transactions):
    """What tests/bench/bare.c reads: transactions of (name, sql, parameters)."""
    def text(data):
        return struct.pack("<I", NULL) if data is None else struct.pack("<I", len(data)) + data
    known = {}
    with open(path, "wb") as file:
        for transaction in transactions:
            file.write(b"B")
            for name, sql, values in transaction:
                if name not in known:
                    known[name] = len(known)
                    file.write(b"P" + text(name) + text(sql) + struct.pack("<I", len(values)))
                binary = all(isinstance(value, Array) for value in values)
                file.write(b"S" + struct.pack("<III", known[name], binary, len(values)))
                file.writelines(map(text, values))
            file.write(b"C")


def values_of(array):
    """An array's elements as texts; None is NULL."""
    _, _, kind, count, _ = HEAD.unpack_from(array)
    text, at = AS_TEXT.get(kind, lambda value: b"%d" % int.from_bytes(value, "big", signed=True)), HEAD.size
    for _ in range(count):
        size, at = NUMBER.unpack_from(array, at)[0], at + NUMBER.size
        yield None if size < 0 else text(array[at:at + size])
        at += max(0, size)


def elements(array):
    """The same, escaped for COPY."""
    return ["\\N" if value is None else value.decode().replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
            for value in values_of(array)]


# Into the cells themselves; what is noted beside them for a stand is not of each transaction.
INTO = re.compile(r"INSERT INTO (core\.(?!stand_)\w+)(?: AS \w+)? \(([^)]*)\) SELECT (.*?) FROM (?:unnest\(|u ON )")


def copy_of(sql, values):
    table, columns, selected = INTO.search(sql).groups()
    constants = [word or "0" for word in re.findall(r"'(\w+)'|core\.shard\(\)", selected)]
    arrays = [elements(value) for value in values]
    rows = ["\t".join([*constants, *row]) for row in zip(*arrays)]
    return table, columns, "\n".join(rows) + "\n", len(rows)
