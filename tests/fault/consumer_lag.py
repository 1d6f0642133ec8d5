#!/usr/bin/python3
"""/metrics tells how far behind each partition is and how old the oldest open batch; the progress of --exit-at-end how long it
will take still."""

import os
import pty
import re
import select
import subprocess
import time
import urllib.request

from drill import ALONE, BIN, TOPIC, Drill, await_, batches, check, check_exactly_once, finish, free_port, terminate

with Drill() as drill:
    broker = drill.broker(partitions=2)
    port = free_port()

    def metrics():
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
        lags = re.findall(r'^pasar_consumer_lag\{topic="drill",partition="(\d)"\} (\d+)$', text, re.MULTILINE)
        age = re.search(r"^pasar_consumer_open_batch_age_seconds (\S+)$", text, re.MULTILINE)
        return {int(partition): int(lag) for partition, lag in lags}, float(age[1])

    # batches that do not close: everything is lag
    finish(drill.producer(broker.brokers, drill.catalogue(600), "--state", drill.dir / "state"), 20)
    consumer = drill.consumer(broker.brokers, *ALONE, "--batch-records", "250", "--batch-seconds", "4", "--metrics-port", port)
    await_(lambda: sum(name.endswith(".end.json") for name in batches(drill.out)) == 2, "the ends")
    await_(lambda: metrics() == ({0: 0, 1: 0}, 0), "no lag after the ends", 5)
    producer = drill.producer(broker.brokers, drill.catalogue(300, "more.csv", 601), "--rate", "150", "--run-id", "more",
                              "--state", drill.dir / "state")
    await_(lambda: sum(metrics()[0].values()) > 50, "the lag of open batches", 5)
    time.sleep(0.5)
    lags, age = metrics()
    check(0.4 < age < 4.5, f"the oldest batch is {age} s old")
    check(all(0 < lag < 250 for lag in lags.values()), f"lags {lags}")
    finish(producer, 20)
    await_(lambda: metrics() == ({0: 0, 1: 0}, 0), "no lag after the second ends", 10)
    terminate(consumer, 0)

    # the same topic at the pace of a slow reader, on a terminal
    master, slave = pty.openpty()
    out = drill.dir / "slow"
    finish(drill.producer(broker.brokers, drill.catalogue(9000, "third.csv", 901), "--run-id", "third", "--state",
                          drill.dir / "state"), 20)
    process = subprocess.Popen([BIN / "pasar-consumer", "-b", broker.brokers, "-t", TOPIC, "-G", "slow", "-o", out, *ALONE,
                                "--batch-records", "10", "--exit-at-end"], stderr=slave)
    drill.processes.append(process)
    os.close(slave)
    text = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.1)[0]:
            try:
                text += os.read(master, 65536)
            except OSError:
                break
    check(process.wait(20) == 0, f"ended with {process.returncode}")
    lines = re.findall(r"messages: ([\d,]+), ([\d.]+) %, ([\d,]+) rows/s, [^\r]* left", text.decode(errors="replace"))
    shares = [float(share) for _, share, _ in lines]
    check(lines and shares == sorted(shares) and 0 < shares[0] <= 100, f"progress {lines}:\n{text[-2000:]}")
    check_exactly_once(out, 9900)
