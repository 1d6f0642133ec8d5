#!/usr/bin/python3
"""Which run a start belongs to: the same input goes on or is refused, a different one is its own; options, journals and
topics that do not fit are told apart; keys, partitioners, globs and pauses do what they say."""

import os
import shutil
import subprocess
import time

from drill import BIN, TOPIC, Drill, await_log, check, finish, numbers, records

with Drill() as drill:
    broker = drill.broker()
    state = drill.dir / "state"
    csv = drill.catalogue(900)
    other = drill.catalogue(50, name=os.fsdecode(b"oth\xe9r.csv"), start=5000)  # a name need not be UTF-8

    def run(*options, status=0, says=(), brokers=broker.brokers, kill_after=None, topic=TOPIC):
        producer = drill.start(BIN / "pasar-producer", "-b", brokers, "-t", topic, "--state", state, *options, name="producer")
        if kill_after is not None:
            await_log(producer, "begins")
            time.sleep(kill_after)
            producer.kill()
        log = finish(producer, 30, None if kill_after is not None else status)
        for text in says:
            check(text in log, f"'{text}' is not in:\n{log}")
        return log

    def rows(topic=TOPIC, form="%h\n", brokers=broker.brokers, every=False):
        lines = records(brokers, topic, "%K|" + form)
        return [line.split("|", 1)[1] for line in lines if every or not line.startswith(("0|", "-1|"))]

    # a different file while this one is unfinished: its own run
    run(csv, "--rate", "300", kill_after=0.5)
    check(numbers(run(other))["sent"] == 50, "the other file")
    # other options would make other records of the same rows
    run(csv, "--key", "category", status=64, says=["--key product_id", "--key category"])
    run(csv, "--run-id", "mine", status=64, says=["--run-id"])
    # the same bytes under another name are the same input
    copy = drill.dir / "a copy.csv"
    copy.write_bytes(csv.read_bytes())
    counts = numbers(run(copy))
    check(counts["stored before"] + counts["sent"] == 900 and counts["stored before"] > 0, f"counts {counts}")
    check(len(rows()) == 950, f"{len(rows())} rows")
    # sent whole
    run(csv, status=65, says=["already sent", "900 rows", "--again", "--skip-sent"])
    run(csv, "--skip-sent", says=["nothing to do"])
    run(csv, "--skip-sent", "--again", status=64)
    check(numbers(run(csv, "--again"))["sent"] == 900 and len(rows()) == 1850, "once more")
    run(csv, status=65)
    # once more, cut short: the same command goes on instead of beginning a third time
    run(csv, "--again", "--rate", "400", kill_after=0.8)
    log = run(csv, "--again")
    counts = numbers(log)
    check("goes on" in log and counts["stored before"] > 0 and counts["stored before"] + counts["sent"] == 900, log)
    check(len(rows()) == 2750 and len({h.split("pasar.row")[0] for h in rows()}) == 4, "a run in two parts")
    # cut short and given up
    run(csv, "--again", "--rate", "400", kill_after=0.5)
    check(numbers(run(csv, "--abandon"))["sent"] == 900, "--abandon goes on")
    run(csv, "--abandon", status=65, says=["already sent"])
    # in use
    long = drill.catalogue(3000, name="long.csv", start=10000)
    first = drill.producer(broker.brokers, long, "--rate", "500", "--state", state)
    await_log(first, "begins")
    run(long, status=69, says=["is being sent now", f"process {first.pid}"])
    first.kill()
    first.wait()
    # another topic; another cluster; a damaged journal
    run(csv, topic="elsewhere")
    second = drill.broker()
    check(numbers(run(csv, brokers=second.brokers))["sent"] == 900, "another cluster is another run")
    journal = max(state.glob("*.journal"), key=lambda path: path.stat().st_mtime)
    text = journal.read_text()
    journal.write_text(text.replace('"stored":900', '"stored":901'))
    run(csv, brokers=second.brokers, status=65, says=[journal.name, "checksum", "--abandon"])
    journal.write_text(text)
    run(csv, brokers=second.brokers, status=65, says=["already sent"])
    # it died after the end records and before it could write that down: nothing is sent twice, ends included
    ending = drill.catalogue(500, name="ending.csv", start=20000)
    producer = drill.start(BIN / "pasar-producer", "-b", second.brokers, "-t", "ending", "--state", state, ending, "--rate", "800")
    await_log(producer, "begins")
    journal = next(state.glob("ending.*.journal"))
    early = journal.read_text()
    finish(producer, 20)
    journal.write_text(early)
    before = len(rows("ending", brokers=second.brokers, every=True))
    counts = numbers(run(ending, brokers=second.brokers, topic="ending"))
    check(counts["sent"] == 0 and counts["stored before"] == 500, f"counts {counts}")
    check(len(rows("ending", brokers=second.brokers, every=True)) == before == 504, "records were added")
    run(ending, brokers=second.brokers, topic="ending", status=65, says=["already sent"])

    # a row too long for a message stays rejected, and in the rejects file, when the run goes on behind it
    rejects = drill.dir / "rejects.jsonl"
    long_row = drill.catalogue(1000, name="long-row.csv", start=30000)
    lines = long_row.read_text().split("\n")
    place = next(i for i, line in enumerate(lines) if line.startswith("P30010"))
    lines[place + 1] = lines[place + 1].replace("about ", "about " + "y" * 5000)
    long_row.write_text("\n".join(lines))
    options = (long_row, "-X", "message.max.bytes=3000", "--rejects", rejects)
    run(*options, "--rate", "400", kill_after=1.6, topic="long")
    check('"refused":[[11,11]]' in next(state.glob("long.*.journal")).read_text(), "the journal does not know the long row")
    counts = numbers(run(*options, topic="long"))
    check(counts["rejected"] == 1 and counts["stored before"] + counts["sent"] == 999, f"counts {counts}")
    check(rejects.read_text().count("\n") == 1 and "message.max.bytes" in rejects.read_text(), rejects.read_text())

    # the journal's place vanishes on the way: that costs the journal only
    gone = drill.dir / "gone"
    producer = drill.start(BIN / "pasar-producer", "-b", second.brokers, "-t", "gone", "--state", gone, csv, "--rate", "400")
    await_log(producer, "begins")
    shutil.rmtree(gone)
    check("journal cannot be written" in finish(producer, 20), "nothing is said about the journal")

    # a broker that has dropped rows past the checkpoint: nobody can tell what was stored
    narrow = drill.broker("--on-drop", "ignore", partitions=1)
    many = drill.catalogue(40000, name="many.csv")
    run(many, "--rate", "25000", "-X", "compression.codec=none", brokers=narrow.brokers, kill_after=0.8)
    run(many, brokers=narrow.brokers, status=65, says=["no longer holds the offsets", "--abandon"])
    run(many, "--abandon", brokers=narrow.brokers)

    # no journal here: the end of the topic knows; the log says where the journal is
    third = drill.broker()
    elsewhere = ("--state", drill.dir / "elsewhere")
    run(csv, "--rate", "400", brokers=third.brokers, kill_after=0.8, says=[f"its journal is {state.resolve()}/"])
    run(csv, *elsewhere, brokers=third.brokers, status=65, says=["sent in part", "--state", "--abandon"])
    run(csv, *elsewhere, "--again", brokers=third.brokers, status=65, says=["sent in part"])
    check(numbers(run(csv, brokers=third.brokers))["stored before"] > 0, "where it was begun it goes on")
    run(csv, *elsewhere, brokers=third.brokers, status=65, says=["already sent", "--again"])
    run(csv, *elsewhere, "--skip-sent", brokers=third.brokers, says=["nothing to do"])
    check(len(rows(brokers=third.brokers)) == 900, "rows were added")
    check(numbers(run(csv, *elsewhere, "--again", brokers=third.brokers))["sent"] == 900, "--again without a journal")
    run(other, *elsewhere, brokers=third.brokers)

    # a name is of one run: of another input, of the same, without a journal
    run(csv, "--run-id", "mine", topic="named")
    run(csv, "--run-id", "mine", topic="named", status=65, says=["already sent"])
    run(csv, "--run-id", "mine", "--again", topic="named", status=64, says=["mine", "earlier run"])
    run(other, "--run-id", "mine", topic="named", status=64, says=["mine"])
    run(other, "--run-id", "mine", "--no-journal", topic="named", status=64, says=["mine"])
    run(other, "--run-id", "mine", topic="not-named")
    run(csv, "--run-id", "yours", "--again", topic="named")

    # no journal: each start is a run; an unwritable place is an error where it was asked for
    run(csv, "--no-journal", brokers=second.brokers)
    check(len(rows(brokers=second.brokers)) == 1800, "--no-journal")
    run(csv, "--state", "/dev/null/x", status=73, says=["--state"])
    # standard input cannot be read twice: sent as it comes
    with open(csv, "rb") as file:
        finish(drill.start(BIN / "pasar-producer", "-b", second.brokers, "-t", "piped", "-", stdin=file), 20)

    # several files, expanded here; nothing matches
    for name in ("part-2.csv", "part-1.csv"):
        drill.catalogue(10, name=name, start=100 * int(name[5]))
    run(drill.dir / "none-*.csv", status=66, says=["none-*.csv"])
    out = subprocess.run([str(BIN / "pasar-producer"), "-q", "--sink", "stdout", str(drill.dir / "part-?.csv")], check=True,
                         capture_output=True, text=True).stdout.splitlines()
    check(len(out) == 20 and '"P100"' in out[0] and '"P209"' in out[-1], "glob")

    # keys and partitioners: murmur2 as kcat and Java's producer have it
    run(csv, "--again", "--key", "category", topic="keyed")
    check(set(rows("keyed", "%k\n")) == {"Home|Kitchen|Pans"} and len(set(rows("keyed", "%p\n"))) == 1, "--key category")
    run(csv, "--key", "rating", topic="numbered")
    check("4.9" in rows("numbered", "%k\n") and "0" in rows("numbered", "%k\n"), "--key rating")
    run(csv, "--key", "colour", status=64, says=["colour"])
    run(csv, "--partitioner", "murmur2", topic="murmured")
    keys = "".join(f"P{n}\x01x\n" for n in range(1, 901))
    subprocess.run(["kcat", "-b", broker.brokers, "-t", "reference", "-P", "-K", "\x01", "-X", "topic.partitioner=murmur2"],
                   check=True, input=keys, text=True)
    check(sorted(rows("murmured", "%k %p\n")) == sorted(rows("reference", "%k %p\n")), "murmur2 partitions differ")

    # pauses
    started = time.monotonic()
    run(other, "--pause", "10ms..20ms", "--seed", "7", "--dry-run")
    took = time.monotonic() - started
    check(0.5 <= took < 3, f"50 pauses of 10 to 20 ms took {took:.2f} s")
    run(other, "--pause", "2..1", status=64, says=["--pause"])
    run(other, "--pause", "1", status=64, says=["MIN..MAX"])
    run(other, "--pause", "0..1", "--rate", "5", status=64, says=["--rate"])
