# SPDX-License-Identifier: Apache-2.0
"""The aggregator as a subject: databases as it makes them, its run over a log from the beginning, and bare statements
sent by nobody but a plain client."""
import contextlib
import tempfile
import time
from pathlib import Path

from recorder import Recorder
from router_stage import RouterStage
from stage import Meter, cpu_of, until

BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND application_name = 'citybrain-aggregator'"


class AggregatorStage(RouterStage):
    parts = ()  # all
    needed = ("events",)

    def execute(self, database, *statements):
        with contextlib.closing(self.connect(database)) as connection:
            connection.autocommit = True
            for statement in statements:
                connection.cursor().execute(statement)

    def ask(self, database, question, *values):
        with contextlib.closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(question, values or None)
            return cursor.fetchall()

    # --- the daemon ---

    def shape(self, name, config=None):
        """A database as the daemon makes it, and nothing read yet."""
        self.database(name)
        with self.daemon("aggregator", "void.", "shape", config=config, postgres=self.conninfo(name),
                         api="127.0.0.1:0") as process:
            def has_shape():
                assert process.poll() is None, "the aggregator ended: " + self.last_words()
                made, = self.ask(name, "SELECT count(*) FILTER (WHERE schemaname = 'core' AND viewname = 'clock') > 0 AND "
                                 "count(*) FILTER (WHERE schemaname = 'api') > 3 FROM pg_views")[0]
                return made
            until(has_shape, "the schema is there", 30)
            time.sleep(1)

    @staticmethod
    def reached(cursor, topic):
        cursor.execute("SELECT part, greatest(next_offset, 0) FROM core.kafka_offset WHERE topic = %s", (topic,))
        return dict(cursor.fetchall())

    def aggregate(self, prefix, database, records, conninfo=None, config=None, **settings):
        """Figures an event of those it has not read: the daemon's CPU of the second half, its backend's of all and of the
        second half."""
        group, topic = self.group("aggregator"), prefix + "events"
        with contextlib.closing(self.connect(database)) as connection, connection.cursor() as cursor:
            begun = sum(self.reached(cursor, topic).values())
        with self.daemon("aggregator", prefix, group, config=config, postgres=conninfo or self.conninfo(database),
                         api="127.0.0.1:0", **settings) as process, \
                contextlib.closing(self.connect(database)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            meter, half, ends = Meter(self, process.pid, records), None, self.ends(topic)

            def database_cpu():
                cursor.execute(BACKENDS, (database,))
                return sum(cpu_of(pid) for pid, in cursor.fetchall())

            def all_read():
                nonlocal half
                assert process.poll() is None, "the aggregator ended: " + self.last_words()
                at = self.reached(cursor, topic)
                done = sum(at.values()) - begun
                if half is None and 2 * done >= records:
                    half = done, cpu_of(process.pid), database_cpu()
                return all(at.get(part, -1) >= end for part, end in ends.items())
            until(all_read, "the aggregator has read " + topic, 120 + records / 500, 0.05)
            figures, pg = meter.read(), database_cpu()
            rest = 1e6 / max(1, records - half[0])
            figures.update(pg=pg * 1e6 / records, half_us=(cpu_of(process.pid) - half[1]) * rest,
                           half_pg=(pg - half[2]) * rest)
            figures["all"] = figures["half_us"] + figures["pg"]
            return figures

    def record(self, prefix, shape, records, config=None, **settings):
        """A run of it, and what it wrote as it was sent."""
        socket = self.environment["CITYBRAIN_PG"].split("host=")[1].split()[0]
        folder = Path(tempfile.mkdtemp(dir=self.run))
        recorder = Recorder(folder, socket + "/.s.PGSQL.5432")
        self.database("recorded", shape)
        self.aggregate(prefix, "recorded", records, self.conninfo("recorded").replace(socket, str(folder)), config, **settings)
        return recorder

    # --- statements ---

    def bare(self, database, script, records, *how):
        with self.program("bare", self.binaries / "bench/bare", self.conninfo(database), script, *how) as process:
            backend = int(process.stdout.readline())
            process.stdin.write(b"\n")
            process.stdin.flush()
            used, began = cpu_of(process.pid), time.monotonic()
            assert process.stdout.readline() == b"done\n", "bare ended: " + self.last_words()
            micro = 1e6 / records
            figures = {"pg": cpu_of(backend) * micro, "us": (cpu_of(process.pid) - used) * micro,
                       "seconds": time.monotonic() - began}
            figures["half_us"], figures["all"] = figures["us"], figures["us"] + figures["pg"]
            return figures
