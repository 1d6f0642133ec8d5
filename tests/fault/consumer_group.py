#!/usr/bin/python3
"""Consumers of one group sharing a directory: one joins, one is paused beyond its session and wakes, one is killed."""

import os
import signal
import time

from drill import FAST, Drill, await_, batches, check_exactly_once, finish, terminate, verify

ROWS = 30000
OPTIONS = (*FAST, "--batch-records", "50")

with Drill() as drill:
    broker = drill.broker()
    producer = drill.producer(broker.brokers, drill.catalogue(ROWS), "--rate", "900")
    a = drill.consumer(broker.brokers, *OPTIONS, name="a")
    await_(lambda: batches(drill.out), "a's first batch")
    b = drill.consumer(broker.brokers, *OPTIONS, name="b")
    time.sleep(9)
    os.kill(a.pid, signal.SIGSTOP)  # keeps its locks: nobody may write for its partitions
    time.sleep(9)
    os.kill(a.pid, signal.SIGCONT)
    time.sleep(1)
    b.kill()
    b.wait()
    c = drill.consumer(broker.brokers, *OPTIONS, name="c")
    finish(producer, 60)
    terminate(a, 0)
    terminate(c, 0)
    finish(drill.consumer(broker.brokers, "--exit-at-end", *FAST, name="last"), 40)
    check_exactly_once(drill.out, ROWS)
    verify(drill)
