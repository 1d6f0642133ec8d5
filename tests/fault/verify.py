#!/usr/bin/python3
"""--verify finds every way in which the files can differ from what was sent, and names it."""

import base64
import shutil
import subprocess

from drill import ALONE, TOPIC, Drill, batches, check, finish, verify

with Drill() as drill:
    broker = drill.broker(partitions=2)
    finish(drill.producer(broker.brokers, drill.catalogue(600), "--run-id", "one"), 20)
    finish(drill.producer(broker.brokers, drill.catalogue(50), "--run-id", "two"), 20)
    finish(drill.consumer(broker.brokers, *ALONE, "--exit-at-end", "--batch-records", "50"), 20)
    sound = drill.dir / "sound"
    shutil.copytree(drill.out, sound)

    text = verify(drill)
    check("run one: sent 600, found 600, rejected 0, missing 0, doubled 0: whole" in text, text)
    check("run two: sent 50, found 50" in text and "2 of 2 runs whole" in text, text)

    def damaged(what, says, harm):
        shutil.rmtree(drill.out)
        shutil.copytree(sound, drill.out)
        harm([drill.out / name for name in batches(drill.out)])
        text = verify(drill, 65)
        for word in says:
            check(word in text, f"{what}: '{word}' is not in:\n{text}")

    def edit(path, old, new):
        data = path.read_bytes()
        check(old in data, f"{old} is not in {path.name}")
        path.write_bytes(data.replace(old, new, 1))

    csvs = [name for name in batches(sound) if name.endswith(".csv")]
    ends = [name for name in batches(sound) if name.endswith(".end.json")]
    lost = csvs[1]
    lost_rows = len((sound / lost).read_bytes().split(b"https://example.invalid/p/")) - 1

    damaged("an edited byte", [csvs[0], "changed"], lambda files: edit(files[0], b"about x", b"about y"))
    damaged("a deleted batch", [f"missing {lost_rows}", "missing rows: ", "gap: "], lambda files: (drill.out / lost).unlink())

    def copy(files):
        stem = csvs[1][:-len(".csv")]
        head = stem.rsplit("+", 2)[0]
        for suffix in (".csv", ".json"):
            target = drill.out / f"{head}+{10**6:020d}+{10**6 + 49:020d}{suffix}"
            shutil.copy(drill.out / (stem + suffix), target)
            if suffix == ".json":
                import json
                sidecar = json.loads(target.read_text())
                sidecar["first_offset"], sidecar["last_offset"] = 10**6, 10**6 + 49
                target.write_text(json.dumps(sidecar))

    def overlap(files):  # the copy keeps its sidecar as it is
        head, first, last = csvs[1][:-len(".csv")].rsplit("+", 2)
        for suffix in (".csv", ".json"):
            shutil.copy(drill.out / (csvs[1][:-len(".csv")] + suffix), drill.out / f"{head}+{first}+{int(last) + 1:020d}{suffix}")

    damaged("a batch copied under an overlapping name", [
        "overlap those of " + csvs[1], "tells of another batch", f"doubled {lost_rows}: NOT WHOLE", "doubled rows: "], overlap)

    damaged("a batch copied twice", [f"doubled {lost_rows}", "doubled rows: "], copy)

    def swap(files):  # two rows change places: checksum mended, so only the digest can tell
        import hashlib
        import json
        path = drill.out / csvs[0]
        sidecar = path.with_suffix(".json")
        edit(path, b"Home|Kitchen|Pans", b"Home|Kitchen|Pots")
        content = json.loads(sidecar.read_text())
        content["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        sidecar.write_text(json.dumps(content))

    damaged("an edit with a new checksum", ["digest", "contents differ"], swap)
    damaged("the same, by the batch's own digest", ["damaged: " + csvs[0], "not the digest in its sidecar"], swap)
    damaged("a falsified size", ["damaged: " + csvs[0], "bytes, which it does not have"], lambda files: edit(
        files[0].with_suffix(".json"), b'"bytes":', b'"bytes":9'))

    def stray(files):
        files[0].with_suffix(".rejects.jsonl").write_text("junk\n")

    damaged("a rejects file that nobody wrote", ["damaged: " + csvs[0], "its sidecar knows of none"], stray)

    def remove_run(name):
        for path in drill.out.iterdir():
            if path.name.endswith(".json") and f'"run":"{name}"' in path.read_text():
                for twin in drill.out.glob(path.name.split(".json")[0].split(".end")[0] + ".*"):
                    twin.unlink()

    damaged("the first run gone, with its ends", ["1 of 1 runs whole", "gap: drill [0]: no file holds offsets 0 to "],
            lambda files: remove_run("one"))
    text = verify(drill, 0, options=("--allow-gaps",))
    check("gaps 2" in text, text)

    damaged("a missing sidecar", ["damaged: " + csvs[0]], lambda files: (drill.out / csvs[0]).with_suffix(".json").unlink())
    damaged("a missing end", ["no end record in 1 of 2 partitions"], lambda files: (drill.out / ends[0]).unlink())
    damaged("a cut file", ["damaged: " + csvs[0]], lambda files: (drill.out / csvs[0]).write_bytes(
        (drill.out / csvs[0]).read_bytes()[:-40]))
    damaged("all ends gone", ["no end record: interrupted"], lambda files: [(drill.out / e).unlink() for e in ends])

    # what is no record is covered too, although it belongs to no run
    kcat = ["kcat", "-b", broker.brokers, "-t", TOPIC, "-P", "-p", "0", "-K", "|", "-D", "\n"]
    subprocess.run(kcat, check=True, input="k|garbage-one\nk|garbage-two\n", text=True)
    mixed = drill.dir / "mixed"
    finish(drill.consumer(broker.brokers, *ALONE, "--exit-idle", "1", out=mixed, group="mixed"), 20)
    check("foreign messages 2" in verify(drill, out=mixed), "foreign messages are not counted")
    rejects = next(mixed.glob("*.rejects.jsonl"))
    edit(rejects, base64.b64encode(b"garbage-one"), base64.b64encode(b"garbage-0ne"))
    text = verify(drill, 65, out=mixed)
    check(f"the SHA-256 of {rejects.name} is not the one in its sidecar" in text and "foreign messages 2" in text, text)
