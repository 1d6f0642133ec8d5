#!/usr/bin/python3
"""Too few file descriptors, files that may not grow, a directory that is read-only for a while or replaced by a file: the
consumer says so, waits and goes on, and nothing is lost or doubled."""

import ctypes
import os
import subprocess
import time

from drill import (ALONE, BIN, GROUP, TOPIC, Drill, await_, await_log, batches, check, check_exactly_once, finish, skip,
                   terminate, verify)

ROWS = 6000
AT_FDCWD, RENAME_EXCHANGE = -100, 2


def exchange(one, other):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) != 0:
        raise OSError(ctypes.get_errno(), f"exchange {one} and {other}")



with Drill() as drill:
    broker = drill.broker()
    state = ("--state", drill.dir / "state")
    finish(drill.producer(broker.brokers, drill.catalogue(ROWS), *state), 20)

    def limited(limit, out, *options, name):
        return drill.start("prlimit", limit, BIN / "pasar-consumer", "-b", broker.brokers, "-t", TOPIC, "-G", GROUP, "-o", out,
                           *ALONE, *options, name=name)

    # 32 descriptors are enough for librdkafka, but not for sixteen batches at a time
    few = drill.dir / "few"
    log = finish(limited("--nofile=32", few, "--batch-records", "50", "--exit-at-end", name="nofile"), 60)
    check("Too many open files" in log, "32 descriptors were enough: the test shows nothing")
    check_exactly_once(few, ROWS)
    verify(drill, out=few)

    # a limit of file size is met like a full disk; without it the next one takes over
    small = drill.dir / "small"
    consumer = limited("--fsize=20000", small, "--batch-records", "1000", name="fsize")
    await_log(consumer, "File too large")
    await_log(consumer, "read again in 400 ms")
    check(consumer.poll() is None, "a file size limit ended the consumer")
    terminate(consumer, 74)
    finish(drill.consumer(broker.brokers, *ALONE, "--exit-at-end", out=small), 30)
    check_exactly_once(small, ROWS)

    # the directory becomes a file under a running consumer, and a directory again
    producer = drill.producer(broker.brokers, drill.catalogue(6000, "more.csv", ROWS + 1), "--rate", "1000", "--run-id", "more",
                              *state)
    consumer = drill.consumer(broker.brokers, *ALONE, "--batch-records", "50")
    await_(lambda: len(batches(drill.out)) > 10, "some batches")
    away = drill.dir / "away"
    away.write_text("a file")
    exchange(drill.out, away)  # in one step, or it may be seen with nothing there
    await_log(consumer, "Not a directory")
    time.sleep(1)
    check(consumer.poll() is None, "a file in the directory's place ended the consumer")
    check(drill.out.read_text() == "a file", "the file was touched")
    drill.out.unlink()
    away.rename(drill.out)
    await_(lambda: sum(name.endswith(".end.json") for name in batches(drill.out)) == 8, "the ends of both runs", 30)
    terminate(consumer, 0)
    check_exactly_once(drill.out, ROWS + 6000)
    verify(drill)

    # read-only for a while; that is nothing to root, so nobody does it
    readonly = drill.dir / "readonly"
    readonly.mkdir()
    drill.dir.chmod(0o755)
    as_nobody = {"user": 65534} if os.geteuid() == 0 else {}
    if as_nobody:
        os.chown(readonly, 65534, -1)
    try:
        subprocess.run([BIN / "pasar-consumer", "--version"], check=True, capture_output=True, **as_nobody)
    except PermissionError:
        skip("nobody may not run what is built here: the read-only directory was not tried")
    producer = drill.producer(broker.brokers, drill.catalogue(3000, "third.csv", ROWS + 6001), "--rate", "700", "--run-id", "third",
                              *state)
    consumer = drill.consumer(broker.brokers, *ALONE, "--batch-records", "50", out=readonly, **as_nobody)
    await_(lambda: sum(name.endswith(".end.json") for name in batches(readonly)) == 8, "the ends of two runs")
    readonly.chmod(0o555)
    await_log(consumer, "Permission denied")
    time.sleep(1)
    check(consumer.poll() is None, "a read-only directory ended the consumer")
    readonly.chmod(0o755)
    finish(producer, 30)
    await_(lambda: sum(name.endswith(".end.json") for name in batches(readonly)) == 12, "the ends of the third run", 15)
    terminate(consumer, 0)
    check_exactly_once(readonly, ROWS + 9000)
    verify(drill, out=readonly)
