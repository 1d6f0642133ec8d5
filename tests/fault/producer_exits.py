#!/usr/bin/python3
"""pasar-producer: each way to fail has its status and names what is wrong; rejected rows go where they are told to."""

import base64
import json
import subprocess

from drill import BIN, COLUMNS, Drill, check, finish, free_port, numbers

with Drill() as drill:
    good = drill.catalogue(20)
    header = ",".join(COLUMNS)
    rest = ",n,Home,1,2,3%,4,5,a,u,un,r,rt,rc,i,l\n"
    bad = drill.dir / "bad.csv"
    bad.write_bytes(f"{header}\n1{rest}".encode() + b"2,\xff" + rest[2:].encode() + f"3,too few\n4{rest}".encode())

    def run(*options, status, says=(), out=None):
        log = finish(drill.start(BIN / "pasar-producer", *options, name="producer", stdout=out or subprocess.DEVNULL), 20, status)
        for text in says:
            check(text in log, f"'{text}' is not in:\n{log}")
        return log

    closed = f"127.0.0.1:{free_port()}"
    run("-b", closed, "--connect-timeout", "0.5", good, status=69, says=[closed])
    run(drill.dir / "absent.csv", status=66, says=["absent.csv"])
    run("--dry-run", drill.dir, status=66)
    run(status=64)
    run("--nonsense", good, status=64, says=["nonsense"])
    run("-t", "no/topic", good, status=64, says=["no/topic"])
    run("--run-id", "a b", good, status=64, says=["--run-id"])
    run("--rejects", "/nonexistent/r", "--dry-run", good, status=73, says=["/nonexistent/r"])
    run("-X", "acks=1", "-b", closed, good, status=64, says=["acks"])
    run("-X", "enable.idempotence=false", "-b", closed, good, status=64, says=["enable.idempotence"])
    run("-X", "request.required.acks=1", "-b", closed, good, status=64, says=["request.required.acks"])
    run("-X", "transactional.id=x", "-b", closed, good, status=64, says=["transactional.id", "unset"])
    few = drill.dir / "few.csv"
    few.write_text("product_id,rating\n1,2\n")
    run("-b", closed, few, status=65, says=["product_name", "product_link"])  # before any broker is asked

    rejects = drill.dir / "rejects.jsonl"
    log = run("--dry-run", "--rejects", rejects, bad, status=0)
    counts = numbers(log)
    check(counts["rows read"] == 4 and counts["would be sent"] == 2 and counts["rejected"] == 2, f"counts {counts}")
    check("acknowledged" not in log and "nothing was sent" in log, log)
    run("--dry-run", "-X", "foo.bar=1", good, status=64, says=["foo.bar"])
    run("--dry-run", "-X", "acks=1", good, status=64, says=["acks"])
    lines = [json.loads(line) for line in rejects.read_text().splitlines()]
    check([(l["line"], l["row"]) for l in lines] == [(3, 2), (4, 3)], f"rejects {lines}")
    check(b"\xff" in base64.b64decode(lines[0]["raw_base64"]), "the raw bytes are not kept")
    check(lines[1]["raw"] == "3,too few\n", f"raw is {lines[1]['raw']!r}")
    check(bad.read_bytes()[lines[1]["offset"]:].startswith(b"3,too few"), "the byte offset is wrong")

    run("--dry-run", "--on-error", "stop", bad, status=65, says=["bad.csv:3"])
    run("--dry-run", "--max-errors", "1", bad, status=65, says=["--max-errors"])
    run("--dry-run", "--max-errors", "2", bad, status=0)
    # files to write that are inputs: by name, by a link, and the other one of two
    before = (good.read_bytes(), bad.read_bytes())
    link, hard = drill.dir / "link", drill.dir / "hard"
    link.symlink_to(bad)
    hard.hardlink_to(bad)
    for out in (bad, link, hard):
        run("--dry-run", "--rejects", out, good, bad, status=64, says=["--rejects", out.name, "bad.csv"])
        run("--dry-run", "--metrics-file", out, good, bad, status=64, says=["--metrics-file", out.name, "bad.csv"])
    check((good.read_bytes(), bad.read_bytes()) == before and link.is_symlink(), "an input was overwritten")
    metrics = drill.dir / "metrics"
    for status, options in ((0, ()), (65, ("--max-errors", "1"))):
        run("--dry-run", "--metrics-file", metrics, *options, bad, status=status)
        check("rejected_total 2" in metrics.read_text(), metrics.read_text())
    with open("/dev/full", "wb") as full:
        run("--sink", "stdout", good, status=74, says=["standard output"], out=full)
    lines = (drill.dir / "out").open("w+")
    run("--sink", "stdout", good, status=0, out=lines)
    lines.seek(0)
    check([json.loads(l)["product_id"] for l in lines] == [f"P{n}" for n in range(1, 21)], "rows are not in file order")
