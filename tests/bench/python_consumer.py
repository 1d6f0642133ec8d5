#!/usr/bin/python3
"""What one would write in Python for the consumer: Confluent's client in bulk, json and csv, with the same guarantees.

    python_consumer.py BROKERS TOPIC DIRECTORY ROWS-OF-A-BATCH

Reads the topic from its beginning to its end. A batch is written aside, synced, renamed to a name with its offsets and
the directory synced; only then its offsets are committed. Prints {"rows":…,"seconds":…}.
"""
import csv
import json
import os
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from python_producer import COLUMNS

HEADER = COLUMNS + ["timestamp"]
BULK = 10000


class Batches:
    """The open batch of one partition, and how it is published."""

    def __init__(self, consumer, topic, partition, directory, most):
        self.consumer, self.topic, self.partition = consumer, topic, partition
        self.directory, self.most = directory, most
        self.rows, self.first, self.last = [], None, None

    def add(self, message):
        if self.first is None:
            self.first = message.offset()
        self.last = message.offset()
        if message.value() is not None:
            record = json.loads(message.value())
            self.rows.append([record[name] for name in HEADER])  # None becomes an empty field
        if len(self.rows) >= self.most:
            self.publish()

    def publish(self):
        if self.first is None:
            return
        name = f"{self.topic}+{self.partition:05d}+{self.first:020d}+{self.last:020d}.csv"
        hidden, final = os.path.join(self.directory, "." + name), os.path.join(self.directory, name)
        with open(hidden, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADER)
            writer.writerows(self.rows)
            file.flush()
            os.fsync(file.fileno())
        os.rename(hidden, final)
        folder = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)
        self.consumer.commit(offsets=[TopicPartition(self.topic, self.partition, self.last + 1)], asynchronous=True)
        self.rows, self.first, self.last = [], None, None


def main(brokers, topic, directory, most):
    began = time.monotonic()
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": f"python-{os.getpid()}", "enable.auto.commit": False,
                         "enable.partition.eof": True, "fetch.wait.max.ms": 20})
    partitions = sorted(consumer.list_topics(topic, timeout=30).topics[topic].partitions)
    os.makedirs(directory)
    batches = {p: Batches(consumer, topic, p, directory, int(most)) for p in partitions}
    consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in partitions])
    rows, open_partitions = 0, set(partitions)
    while open_partitions:
        for message in consumer.consume(BULK, timeout=0.1):
            if message.error() is None:
                batches[message.partition()].add(message)
                rows += message.value() is not None
            elif message.error().code() == KafkaError._PARTITION_EOF:
                open_partitions.discard(message.partition())
            else:
                raise SystemExit(str(message.error()))
    for batch in batches.values():
        batch.publish()
    consumer.commit(asynchronous=False, offsets=consumer.position(consumer.assignment()))
    consumer.close()
    print(json.dumps({"rows": rows, "seconds": time.monotonic() - began}))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
