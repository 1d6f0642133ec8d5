#!/usr/bin/python3
"""SIGTERM ends the consumer in under 2 s with status 0 and its open batches published, whatever the broker does."""

import os
import signal
import time

from drill import ALONE, FAST, Drill, await_, batches, check, check_exactly_once, finish, free_port, numbers, rows, terminate

with Drill() as drill:
    broker = drill.broker()
    finish(drill.producer(broker.brokers, drill.catalogue(500)), 20)

    def started(*options, **kwargs):  # batches that close neither by count nor by time
        return drill.consumer(broker.brokers, "--batch-seconds", "100", "--batch-records", "100000", *(options or ALONE),
                              **kwargs)

    consumer = started(*FAST)  # a member of the group; the others read on their own
    await_(lambda: len([b for b in batches(drill.out) if b.endswith(".json")]) == 4, "the ends of the run")
    finish(drill.producer(broker.brokers, drill.catalogue(300, "more.csv", 501), "--run-id", "more"), 20)
    await_(lambda: len([b for b in batches(drill.out) if b.endswith(".json")]) == 8, "the ends of the second run")
    terminate(consumer, 0)
    check_exactly_once(drill.out, 800)

    # open batches, no end in sight
    producer = drill.producer(broker.brokers, drill.catalogue(5000, "third.csv", 801), "--rate", "400", "--run-id", "third")
    before = len(rows(drill.out))
    consumer = started()
    time.sleep(2)
    check(len(rows(drill.out)) == before, "an open batch is visible")
    counts = numbers(terminate(consumer, 0))
    check(counts["rows"] > 0 and len(rows(drill.out)) == before + counts["rows"], f"a stop did not publish: {counts}")

    # the broker is silent
    consumer = started()
    time.sleep(1.5)
    os.kill(broker.pid, signal.SIGSTOP)
    time.sleep(0.5)
    terminate(consumer, 0)
    consumer = started(name="connecting")
    time.sleep(0.5)
    terminate(consumer, 0)
    os.kill(broker.pid, signal.SIGCONT)

    # no broker, no topic
    consumer = drill.consumer(f"127.0.0.1:{free_port()}", out=drill.dir / "other")
    time.sleep(0.5)
    terminate(consumer, 0)
    terminate(producer, 75)
