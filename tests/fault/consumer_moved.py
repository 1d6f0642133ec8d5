#!/usr/bin/python3
"""The batch directory is moved away in mid-stream and a fresh one stands in its place: the consumer waits for its own to come
back, since an empty directory says nothing about what was published."""

import time

from drill import ALONE, Drill, await_, await_log, batches, check, check_exactly_once, finish, verify

ROWS = 12000

with Drill() as drill:
    broker = drill.broker()
    producer = drill.producer(broker.brokers, drill.catalogue(ROWS), "--rate", "3000")
    consumer = drill.consumer(broker.brokers, *ALONE, "--batch-records", "50")
    await_(lambda: len(batches(drill.out)) > 20, "some batches")
    away = drill.dir / "away"
    drill.out.rename(away)
    await_log(consumer, "read again in")
    drill.out.mkdir()
    await_log(consumer, "moved or replaced")
    time.sleep(0.5)
    check(not batches(drill.out), "the consumer wrote into a directory that is not its own")
    for name in drill.out.iterdir():
        name.unlink()
    drill.out.rmdir()
    away.rename(drill.out)
    finish(producer, 30)
    consumer.terminate()
    finish(consumer, 10)
    finish(drill.consumer(broker.brokers, *ALONE, "--exit-at-end", name="last"), 30)
    check_exactly_once(drill.out, ROWS)
    verify(drill)
