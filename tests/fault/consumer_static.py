#!/usr/bin/python3
"""A static member (group.instance.id) leaves its group, again and again: it must not hang. On Apache Kafka, where joining a
group takes no time.

consumer_static.py [PORT]"""

import sys

from drill import TESTBIN, TOPIC, Drill, Kafka, finish, free_port

TIMES = 300

with Drill() as drill:
    kafka = Kafka(drill, int(sys.argv[1]) if len(sys.argv) > 1 else free_port())
    brokers = kafka.start()
    try:
        finish(drill.producer(brokers, drill.catalogue(100), "--create-topic", "--partitions", "4", "--state", drill.dir / "state"),
               60)
        finish(drill.start(TESTBIN / "pasar-close-static", brokers, TOPIC, TIMES), 150)
    finally:
        kafka.stop()
