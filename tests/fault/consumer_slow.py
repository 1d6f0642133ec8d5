#!/usr/bin/python3
"""A disk whose syncs do not return holds up neither a stop nor the poll that keeps a member in its group."""

import os
import time

from drill import ALONE, FAST, TESTBIN, Drill, await_, await_log, batches, check, check_exactly_once, finish, terminate, verify

ROWS = 24000

with Drill() as drill:
    stall = drill.dir / "stall"
    env = dict(os.environ, LD_PRELOAD=str(TESTBIN / "libpasar-faults.so"), PASAR_FAULTS_DIR=str(drill.out),
               PASAR_FAULTS_STALL=str(stall))
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"

    def start(name, *options):
        return drill.consumer(broker.brokers, "--batch-records", "20", "--batch-seconds", "0.5", *options, name=name, env=env)

    broker = drill.broker()
    producer = drill.producer(broker.brokers, drill.catalogue(ROWS), "--rate", "1200")

    # far more batches wait than the publisher has room for
    consumer = start("alone", *ALONE)
    await_(lambda: len(batches(drill.out)) > 10, "some batches")
    stall.touch()
    time.sleep(4)
    terminate(consumer, 75)

    # nor at the start, where the directory is made durable before it is believed
    consumer = start("waiting", *ALONE)
    await_log(consumer, "the disk does not sync")
    terminate(consumer, 75)
    stall.unlink()

    # a member whose disk stalls for longer than its max.poll.interval.ms stays one, and goes on by itself
    consumer = start("member", *FAST, "-X", "max.poll.interval.ms=6000")
    before = len(batches(drill.out))
    await_(lambda: len(batches(drill.out)) > before + 10, "more batches")
    stall.touch()
    time.sleep(9)
    stall.unlink()
    before = len(batches(drill.out))
    await_(lambda: len(batches(drill.out)) > before + 10, "batches after the stall", 5)
    log = consumer.log.read_text()
    check("lost" not in log and "MAXPOLL" not in log, f"the member was thrown out of its group:\n{log[-3000:]}")

    # a revocation waits for the disk, but not longer than until a stop
    stall.touch()
    time.sleep(2)
    other = start("other", *FAST)
    time.sleep(3)
    terminate(consumer, 75)
    stall.unlink()
    finish(producer, 60)
    other.terminate()
    finish(other, 10, None)
    finish(drill.consumer(broker.brokers, *ALONE, "--exit-at-end", name="last"), 40)
    check_exactly_once(drill.out, ROWS)
    verify(drill)
