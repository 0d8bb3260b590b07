# SPDX-License-Identifier: Apache-2.0
"""Kafka Connect with Debezium's JDBC sink as a peer of the aggregator: the same cases as flat JSON rows, one a change,
folded beforehand, upserted into one table with a key; no views, no sets. A virtual machine compiles long, so the second
half of some hundred thousand records is measured, and the job is told as often as that takes."""
import contextlib
import itertools
import json
import socket
import threading

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from aggregator_job import COLUMNS, TYPES
from ingest_stage import JVM, PEERS
from stage import cpu_of

LIB = PEERS / "connect/lib"
TOPIC, PARTS = "sink.cases", 12
FORMS = {"rows": {}, "unnest": {"dialect.postgres.unnest.insert.enabled": "true"}}  # how it sends a batch
WORKER = {
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "true",
    "offset.flush.interval.ms": "1000", "consumer.max.poll.records": "5000", "consumer.fetch.min.bytes": "100000",
    "consumer.fetch.max.wait.ms": "100", "listeners": "http://127.0.0.1:0", "plugin.discovery": "service_load"}
SINK = {
    "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector", "tasks.max": "1", "topics": TOPIC,
    "insert.mode": "upsert", "primary.key.mode": "record_value", "primary.key.fields": "case_id", "schema.evolution": "none",
    "collection.name.format": "peer.case_row", "batch.size": "5000", "use.reduction.buffer": "true",
    "connection.username": "citybrain", "connection.password": "none", "connection.pool.min_size": "1",
    "connection.pool.max_size": "2"}


class Relay:
    """A port for who cannot speak to a socket of the file system; its CPU is nobody's figure."""

    def __init__(self, path):
        self.path, self.listener = path, socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.path)
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self.carry, args=(source, target), daemon=True).start()

    @staticmethod
    def carry(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 18):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def close(self):
        self.listener.close()


def schema():
    fields = [{"field": name, "type": {"text": "string", "bigint": "int64"}[of], "optional": of == "bigint"}
              for name, of in zip(COLUMNS, TYPES)]
    return json.dumps({"type": "struct", "optional": False, "fields": fields})


def write_properties(path, properties):
    path.write_text("".join("%s=%s\n" % pair for pair in properties.items()))
    return path


class Sink:
    def __init__(self, stage, peers, records):
        self.stage, self.peers, self.records = stage, peers, records

    @staticmethod
    def is_there():
        return (PEERS / "connect/complete").exists()

    def prepare(self):
        stage, job = self.stage, self.peers.job
        admin = AdminClient({"bootstrap.servers": stage.brokers})
        admin.create_topics([NewTopic(TOPIC, PARTS, 1)])[TOPIC].result(30)
        writer = stage.writer()
        for count, (_, n, step) in enumerate(itertools.islice(itertools.cycle(job.order), self.records)):
            row = job.row(n, step)
            stage.put(writer, TOPIC, json.dumps(dict(zip(COLUMNS, row))).encode(), row[0].encode())
            if count % 1000 == 0:
                writer.poll(0)
        assert writer.flush(120) == 0

    def run(self, form):
        stage, name = self.stage, self.stage.group("sink-%s-" % form)
        self.peers.database("peer_run")
        path = stage.environment["CITYBRAIN_PG"].split("host=")[1].split()[0] + "/.s.PGSQL.5432"
        relay = Relay(path)
        url = "jdbc:postgresql://127.0.0.1:%d/peer_run?ApplicationName=%s&reWriteBatchedInserts=true" % (relay.port, name)
        words = [write_properties(stage.run / (name + ".worker"), {
            **WORKER, "bootstrap.servers": stage.brokers, "value.converter.schema.content": schema(),
            "offset.storage.file.filename": stage.run / (name + ".offsets")})]
        words += [write_properties(stage.run / (name + ".sink"), {**SINK, **FORMS[form], "name": name, "connection.url": url})]
        try:
            with stage.program(name, "java", *JVM, "-Xmx1g", "-cp", "%s/*" % LIB,
                               "org.apache.kafka.connect.cli.ConnectStandalone", *words) as process:
                figures = self.follow(process, name)
        finally:
            relay.close()
        rows, = stage.ask("peer_run", "SELECT count(*) FROM peer.case_row")[0]
        assert rows == self.peers.job.requests, "the sink wrote %d cases of %d" % (rows, self.peers.job.requests)
        return figures

    def follow(self, process, name):
        stage, half = self.stage, []
        ask = stage.consumer("connect-" + name)
        parts = [TopicPartition(TOPIC, part) for part in range(PARTS)]

        def database_cpu():
            return sum(cpu_of(pid) for pid, in stage.ask(
                "peer_run", "SELECT pid FROM pg_stat_activity WHERE application_name = %s", name))

        def progress():
            at = sum(max(0, p.offset) for p in ask.committed(parts, timeout=10))
            if not half and 2 * at >= self.records:
                half.extend((at, database_cpu()))
            elif half and at >= self.records:
                half.append((database_cpu() - half[1]) * 1e6 / max(1, at - half[0]))
            return at
        try:
            figures = stage.follow(process, self.records, progress)
        finally:
            ask.close()
        figures["pg"] = half[2]
        figures["all"] = figures["half_us"] + figures["pg"]
        return figures
