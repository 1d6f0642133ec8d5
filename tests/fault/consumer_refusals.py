#!/usr/bin/python3
"""What the consumer refuses, with which status and words; and a second one on the same partitions waits for its turn."""

import os
import re
import socket

from drill import ALONE, Drill, await_log, check, check_exactly_once, finish, free_port, terminate

with Drill() as drill:
    port = free_port()
    broker = drill.broker(port=port)

    def refused(status, says, *options, brokers=broker.brokers, **kwargs):
        log = finish(drill.consumer(brokers, *ALONE, *options, **kwargs), 20, status)
        check(says in log, f"'{says}' is not in:\n{log}")

    closed = f"127.0.0.1:{free_port()}"
    refused(69, closed, "--connect-timeout", "0.5", brokers=closed)
    refused(64, "--partitions", "--partitions", "x")
    shared = {**os.environ, "PASAR_PARTITIONS": "0,2"}  # the producer's count, in an environment for all programs
    log = finish(drill.consumer(broker.brokers, env=shared), 20, 64)
    check("PASAR_PARTITIONS" in log and "PASAR_CONSUMER_PARTITIONS" in log, log)
    refused(64, "is not UTF-8", group=os.fsdecode(b"caf\xe9"))
    refused(64, "enable.auto.commit", "-X", "enable.auto.commit=true")
    file = drill.dir / "file"
    file.write_text("")
    refused(73, "file", out=file / "x")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused(69, str(taken.getsockname()[1]), "--metrics-port", str(taken.getsockname()[1]))

    finish(drill.producer(broker.brokers, drill.catalogue(2000)), 20)
    one = drill.consumer(broker.brokers, "--exit-at-end", out=drill.dir / "one",
                         env={**os.environ, "PASAR_PARTITIONS": "3", "PASAR_CONSUMER_PARTITIONS": "1"})
    check("reading 1 partition of drill, as --partitions says" in finish(one, 20), "one partition is not said to be read")
    first = drill.consumer(broker.brokers, *ALONE, name="first")
    await_log(first, "ended in partition")
    refused(65, "drillers", out=drill.out, group="others")
    second = drill.consumer(broker.brokers, *ALONE, "--exit-at-end", name="second")
    await_log(second, "waiting for partition")
    check(str(first.pid) in second.log.read_text(), "the holder of the lock is not named")
    terminate(first, 0)
    finish(second, 20)
    check_exactly_once(drill.out, 2000)

    # offsets of another cluster mean nothing here (the mock's own id may be the same in every process)
    meta = drill.out / ".meta.json"
    text = meta.read_text()
    meta.write_text(re.sub('"cluster_id": "[^"]*"', '"cluster_id": "another"', text))
    refused(65, "belongs to cluster_id another")
    meta.write_text(text)

    # the broker comes back with a topic that never had these offsets
    broker.terminate()
    broker.wait()
    broker = drill.broker(port=port)
    log = finish(drill.consumer(broker.brokers, *ALONE), 20, 65)
    check("belongs to cluster_id" in log or "made anew" in log, f"a new topic is not refused with a reason:\n{log}")
    check_exactly_once(drill.out, 2000)
