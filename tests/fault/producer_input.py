#!/usr/bin/python3
"""An input that is cut, grows or is replaced while it is sent is no whole run: status 65, what was sent is stored, and
there is no end record."""

import os
import time

from drill import TOPIC, Drill, await_log, check, finish, numbers, records

ROWS = 6000


def cut(path):
    os.truncate(path, path.stat().st_size * 3 // 4)


def grow(path):
    with open(path, "a") as file:
        file.write("P9999,half a r")


def replace(path):
    copy = path.with_suffix(".new")
    copy.write_bytes(path.read_bytes().replace(b"Kitchen", b"Bathing"))
    copy.rename(path)


for change, second in ((cut, False), (grow, False), (cut, True), (replace, True)):
    with Drill() as drill:
        broker = drill.broker()
        first = drill.catalogue(ROWS)
        files = (first, drill.catalogue(500, name="second.csv", start=ROWS + 1)) if second else (first,)
        producer = drill.producer(broker.brokers, *files, "--rate", "3000", "--state", drill.dir / "state")
        await_log(producer, "begins")
        time.sleep(0.4)
        change(files[-1])
        log = finish(producer, 20, 65)
        check(f"{files[-1].name}: it was changed" in log, log)
        counts = numbers(log)
        check(0 < counts["sent"] == counts["acknowledged"] and counts["rejected"] == 0, f"counts {counts}")
        found = [line.split("|", 1) for line in records(broker.brokers, TOPIC, "%k|%s\n")]
        check(len(found) == counts["sent"] and all(key for key, value in found), "rows without an end are what was sent")
        check(all(value.endswith("Z\"}") and f"/p/{key[1:]}\"" in value for key, value in found), "a cut row was sent")
