#!/usr/bin/python3
"""SIGTERM ends the producer in under 2 s with status 75, whatever the broker does, and the counts still add up."""

import os
import signal
import time

from drill import Drill, await_log, check, finish, numbers, terminate

with Drill() as drill:
    broker = drill.broker()
    csv = drill.catalogue(50000)

    def stop_while(what, broker_state):
        producer = drill.producer(broker.brokers, csv, "--abandon", "--rate", "5000", name=what)
        time.sleep(1)
        broker_state()
        time.sleep(0.5)
        return numbers(terminate(producer, 75))

    counts = stop_while("sending", lambda: None)
    check(0 < counts["sent"] == counts["acknowledged"], f"a stop lost accepted rows: {counts}")

    counts = stop_while("silent-broker", lambda: os.kill(broker.pid, signal.SIGSTOP))
    check(counts["rows read"] == counts["sent"] + counts["rejected"], f"counts {counts}")
    check(counts["sent"] == counts["acknowledged"] + counts["failed"] and counts["failed"] > 0, f"counts {counts}")

    # while it waits for a broker that does not answer
    producer = drill.producer(broker.brokers, csv, name="connecting")
    time.sleep(0.5)
    terminate(producer, 75)
    os.kill(broker.pid, signal.SIGCONT)

    # while it looks for what the run has stored already
    producer = drill.producer(broker.brokers, csv, name="looking")
    await_log(producer, "connected")
    os.kill(broker.pid, signal.SIGSTOP)
    time.sleep(0.3)
    terminate(producer, 75)
    os.kill(broker.pid, signal.SIGCONT)

    # a second signal ends it at once
    producer = drill.producer(broker.brokers, csv, "--abandon", "--rate", "1000", name="twice")
    time.sleep(0.5)
    os.kill(broker.pid, signal.SIGSTOP)
    producer.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    producer.send_signal(signal.SIGTERM)
    started = time.monotonic()
    finish(producer, 5, None)
    check(producer.returncode != 0 and time.monotonic() - started < 0.5, f"a second signal: {producer.returncode}")
