#!/usr/bin/python3
"""Consumers of one group sharing a directory: one joins, one is paused beyond its session and wakes, one is killed."""

import os
import signal

from drill import FAST, Drill, await_, await_log, batches, check_exactly_once, finish, owners, terminate, verify

ROWS = 30000
OPTIONS = (*FAST, "--batch-records", "50")

with Drill() as drill:
    broker = drill.broker()
    producer = drill.producer(broker.brokers, drill.catalogue(ROWS), "--rate", "900")
    a = drill.consumer(broker.brokers, *OPTIONS, name="a")
    await_(lambda: batches(drill.out), "a's first batch")
    b = drill.consumer(broker.brokers, *OPTIONS, name="b")
    await_(lambda: {a.pid, b.pid} == set(owners(drill.out).values()), "both to own partitions")
    os.kill(a.pid, signal.SIGSTOP)  # keeps its locks: nobody may write for its partitions
    held = [p for p, pid in owners(drill.out).items() if pid == a.pid]
    await_log(b, f"is held by process {a.pid}", 25)
    os.kill(a.pid, signal.SIGCONT)
    await_(lambda: any(owners(drill.out).get(p) == b.pid for p in held), "b to take over")
    b.kill()
    b.wait()
    c = drill.consumer(broker.brokers, *OPTIONS, name="c")
    finish(producer, 60)
    terminate(a, 0)
    terminate(c, 0)
    finish(drill.consumer(broker.brokers, "--exit-at-end", *FAST, name="last"), 40)
    check_exactly_once(drill.out, ROWS)
    verify(drill)
