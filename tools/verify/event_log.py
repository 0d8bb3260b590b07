# SPDX-License-Identifier: Apache-2.0
"""The committed records of one topic, a partition at a time, from its low watermark to a given position."""
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

PATIENCE_S = 0.05  # a call waits so long for more
SILENCE_S = 60  # without a record or an end of partition the broker counts as away


class Unreachable(Exception):
    pass


def murmur2(key):
    """Java's hash of a key, as Kafka's own producers place records."""
    mask, m, at = 0xFFFFFFFF, 0x5BD1E995, 0
    h = 0x9747B28C ^ len(key)
    while len(key) - at >= 4:
        k = int.from_bytes(key[at:at + 4], "little") * m & mask
        h = h * m & mask ^ (k ^ k >> 24) * m & mask
        at += 4
    if at < len(key):
        h = (h ^ int.from_bytes(key[at:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def partition_of(key, partitions):
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions


class EventLog:
    def __init__(self, brokers, topic, more):
        self.topic = topic
        self.consumer = Consumer({**more, "bootstrap.servers": brokers, "group.id": "citybrain-verify",
                                  "enable.auto.commit": False, "enable.partition.eof": True,
                                  "isolation.level": "read_committed", "auto.offset.reset": "error",
                                  "fetch.wait.max.ms": 50, "log_level": 2})

    def partitions(self):
        try:
            found = self.consumer.list_topics(self.topic, timeout=10).topics[self.topic]
        except KafkaException as error:
            raise Unreachable(f"Kafka does not answer: {error.args[0].str()}") from None
        if found.error or not found.partitions:
            raise Unreachable(f"topic {self.topic}: {found.error}")
        return sorted(found.partitions)

    def watermarks(self, partition):
        """(first, end), asked as offsets of a time: the library's own query may wait for ever for a broker."""
        try:
            return tuple(self._offset_of(partition, which) for which in (OFFSET_BEGINNING, OFFSET_END))
        except KafkaException as error:
            raise Unreachable(f"Kafka does not answer: {error.args[0].str()}") from None

    def _offset_of(self, partition, which):
        found, = self.consumer.offsets_for_times([TopicPartition(self.topic, partition, which)], timeout=10)
        if found.error or found.offset < 0:
            raise KafkaException(found.error or KafkaError(KafkaError._TIMED_OUT))
        return found.offset

    def records(self, partition, start, end):
        """Lists of records of [start, end); aborted ones are not among them."""
        self.consumer.assign([TopicPartition(self.topic, partition, start)])
        silent, done = 0, start >= end
        while not done:
            found = self.consumer.consume(2000, timeout=PATIENCE_S)
            silent = 0 if found else silent + PATIENCE_S
            if silent > SILENCE_S:
                raise Unreachable(f"{self.topic}/{partition} was not read to its end")
            good = []
            for message in found:
                if message.error():
                    if message.error().code() == KafkaError._PARTITION_EOF:
                        done = True
                    elif not message.error().retriable() and message.error().code() != KafkaError._ALL_BROKERS_DOWN:
                        raise Unreachable(f"{self.topic}/{partition}: {message.error().str()}")
                elif message.offset() >= end:
                    done = True
                    break
                else:
                    good.append(message)
                    done = done or message.offset() == end - 1
            if good:
                yield good
        self.consumer.unassign()

    def close(self):
        self.consumer.close()
