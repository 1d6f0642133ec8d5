#!/usr/bin/python3
"""A full disk pauses the consumer; when there is room again it goes on and nothing is lost or doubled."""

import os
import subprocess
import time

from drill import ALONE, Drill, await_log, check, check_exactly_once, finish, skip, verify

if os.geteuid() != 0:
    skip("needs root to mount a small tmpfs")

ROWS = 12000

with Drill() as drill:
    drill.out.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", drill.out], capture_output=True).returncode != 0:
        skip("cannot mount a tmpfs here")
    try:
        broker = drill.broker()
        producer = drill.producer(broker.brokers, drill.catalogue(ROWS), "--rate", "6000")
        consumer = drill.consumer(broker.brokers, *ALONE, "--batch-records", "100")
        await_log(consumer, "No space left")
        check(consumer.poll() is None, "a full disk ended the consumer")
        time.sleep(1)
        subprocess.run(["mount", "-o", "remount,size=4m", drill.out], check=True)
        time.sleep(1)
        check(consumer.poll() is None, "a full disk ended the consumer")
        subprocess.run(["mount", "-o", "remount,size=64m", drill.out], check=True)
        finish(producer, 30)
        consumer.terminate()
        finish(consumer, 10, None)
        finish(drill.consumer(broker.brokers, *ALONE, "--exit-at-end", name="last"), 30)
        check_exactly_once(drill.out, ROWS)
        verify(drill)
    finally:
        for process in drill.processes:
            process.kill()
            process.wait()
        subprocess.run(["umount", "-l", drill.out], check=False)
