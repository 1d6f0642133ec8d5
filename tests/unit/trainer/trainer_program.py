#!/usr/bin/env python3
"""pasar-trainer as a program: what it publishes, its exit codes, signals, kills, --watch.

Usage: trainer_program.py published|threads|errors|few|signals|kills|watch|ends|inspect|modes   (PASAR_BIN: where the program is)
"""
import csv
import datetime
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

TRAINER = os.path.join(os.environ["PASAR_BIN"], "pasar-trainer")
COLUMNS = ("product_id product_name category discounted_price actual_price discount_percentage rating rating_count "
           "about_product user_id user_name review_id review_title review_content img_link product_link").split()
START = datetime.datetime(2026, 1, 1)


def check(condition, message):
    if not condition:
        sys.exit("FAIL: " + message)


def product(number, draw):
    """A row as the consumer writes it: id, category and the five numbers; the rest is empty."""
    row = dict.fromkeys(COLUMNS, "")
    row["product_id"] = f"P{number:06d}"
    row["product_name"] = f"Thing, \"{number}\""
    row["category"] = f"Main|Sub {number % 3}|Leaf {number % 7}"
    row["discounted_price"] = f"{draw.lognormvariate(6, 1.5):.2f}"
    row["rating"] = f"{draw.uniform(2, 5):.1f}" if draw.random() > 0.05 else ""
    row["rating_count"] = str(int(draw.lognormvariate(7, 2)))
    return row


def write_batch(folder, partition, first, rows, step_us=1000):
    """One batch file; arrival order follows the product's number."""
    os.makedirs(folder, exist_ok=True)
    path = f"{folder}/shop+{partition:05d}+{first:020d}+{first + len(rows) - 1:020d}.csv"
    with open(path + ".part", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS + ["timestamp"])
        for row in rows:
            at = START + datetime.timedelta(microseconds=int(row["product_id"][1:]) * step_us)
            writer.writerow([row[c] for c in COLUMNS] + [at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"])
    os.rename(path + ".part", path)


def write_batches(folder, count, partitions=2, batch=500, seed=1):
    draw = random.Random(seed)
    queues = [[] for _ in range(partitions)]
    for number in range(count):
        queues[draw.randrange(partitions)].append(product(number, draw))
    for partition, rows in enumerate(queues):
        for first in range(0, len(rows), batch):
            write_batch(folder, partition, first, rows[first:first + batch])


def train(work, *options, expect=0):
    done = subprocess.run([TRAINER, "--batches", f"{work}/batches", "--models", f"{work}/models", *options],
                          capture_output=True, text=True, timeout=180)
    check(done.returncode == expect, f"exit {done.returncode} instead of {expect}: {done.stderr}")
    return done.stderr


def check_generation(work):
    """The current generation is whole: every file has the manifest's checksum. Returns its folder and manifest."""
    folder = f"{work}/models/{os.readlink(f'{work}/models/current')}"
    with open(f"{folder}/manifest.json", encoding="utf-8") as file:
        manifest = json.load(file)
    for entry in manifest["files"]:
        with open(f"{folder}/{entry['name']}", "rb") as file:
            content = file.read()
        check(len(content) == entry["bytes"] and hashlib.sha256(content).hexdigest() == entry["sha256"],
              f"{entry['name']} of {folder} is not what its manifest says")
    return folder, manifest


def test_published(work):
    write_batches(f"{work}/batches", 2000)
    errors = train(work, "--k", "4")
    check("done: generation 000001" in errors and "2000 rows" in errors, "no summary line: " + errors)
    folder, manifest = check_generation(work)
    check(manifest["rows"] == 2000 and manifest["model_rows"] == [667, 1334, 2000], f"rows {manifest}")
    check(manifest["training"] == {"k": 4, "init": "k-means++", "n_init": 10, "max_iter": 300, "tol": 0.0,
                                   "warm_start": False}, f"training {manifest['training']}")
    sources = []
    for batch in manifest["batches"]:
        check(batch["file"] == f"shop+{batch['partition']:05d}+{batch['first_offset']:020d}+{batch['last_offset']:020d}.csv",
              f"offsets of {batch}")
        with open(f"{work}/batches/{batch['file']}", "rb") as file:
            check(hashlib.sha256(file.read()).hexdigest() == batch["sha256"], "checksum of " + batch["file"])
        with open(f"{work}/batches/{batch['file']}", newline="", encoding="utf-8") as file:
            sources += csv.DictReader(file)
    with open(f"{folder}/products.csv", newline="", encoding="utf-8") as file:
        products = list(csv.DictReader(file))
    check([p["product_id"] for p in products] == [f"P{i:06d}" for i in range(2000)], "products in arrival order")
    check(all(sources[int(p["source_row"]) - 1]["timestamp"] == p["timestamp"] and
              sources[int(p["source_row"]) - 1]["product_id"] == p["product_id"] for p in products), "source rows")
    check(len({p["source_row"] for p in products}) == len(sources) == 2000, "each source row once")
    for number, rows in ((1, 667), (2, 1334), (3, 2000)):
        with open(f"{folder}/model_{number}.json", encoding="utf-8") as file:
            model = json.load(file)
        ids = [p[f"cluster_{number}"] for p in products]
        check(all(ids[:rows]) and not any(ids[rows:]), f"cluster_{number} is empty past the model's rows")
        for cluster in model["clusters"]:
            members = [p for p, id in zip(products, ids) if id == str(cluster["id"])]
            check(len(members) == cluster["size"], f"size of cluster {cluster['id']} in model {number}")
            count = {}
            for p in members:
                count[p["category"]] = count.get(p["category"], 0) + 1
            top = sorted(count.items(), key=lambda item: (-item[1], item[0]))[:5]
            check([(t["category"], t["count"]) for t in cluster["top_categories"]] == top, "top categories")
            ratings = sorted(float(p["rating"]) for p in members if p["rating"])
            middle = len(ratings) // 2
            median = ratings[middle] if len(ratings) % 2 else (ratings[middle - 1] + ratings[middle]) / 2
            check(abs(cluster["median"]["rating"] - median) < 1e-9, "median rating")
        labels = [cluster["label"] for cluster in model["clusters"]]
        check(len(set(labels)) == len(labels), f"labels are alike: {labels}")
    for _ in range(4):
        train(work, "--keep", "2", "-q")
    left = sorted(name for name in os.listdir(f"{work}/models") if name.isdigit())
    check(left == ["000004", "000005"], f"--keep 2 left {left}")


def test_threads(work):
    # Rows by clusters are enough for models 2 and 3 to be shared out (SERIAL_BELOW), in three and four blocks of work.
    write_batches(f"{work}/batches", 6400, partitions=1, batch=2000)
    seen = set()
    for threads in (1, 2, 4, 8):
        train(work, "--threads", str(threads), "--k", "8", "--keep", "1", "-q")
        folder, _ = check_generation(work)
        digest = hashlib.sha256()
        for name in ("model_1.json", "model_2.json", "model_3.json", "products.csv"):
            with open(f"{folder}/{name}", "rb") as file:
                digest.update(file.read())
        seen.add(digest.hexdigest())
    check(len(seen) == 1, "the models depend on the number of threads")


def test_errors(work):
    errors = train(work, expect=66)
    check(f"{work}/batches" in errors and "pasar-consumer" in errors, "what is missing is not named: " + errors)
    write_batch(f"{work}/batches", 0, 0, [product(0, random.Random(1))])
    empty = f"{work}/batches/shop+00000+{0:020d}+{0:020d}.csv"
    with open(empty, encoding="utf-8") as file:
        lines = file.read().splitlines()
    with open(empty, "w", encoding="utf-8") as file:
        file.write(lines[0] + "\n")
    train(work, expect=65)
    with open(empty, "w", encoding="utf-8") as file:
        file.write(lines[0] + "\n" + lines[1].replace("2026-", "yesterday-") + "\n")
    check(os.path.basename(empty) in train(work, expect=65), "the bad file is not named")
    check(not os.path.exists(f"{work}/models/current"), "published from bad batches")
    for options in (["--features", "price"], ["--k", "0"], ["--transform", "log1p:rating,x"], ["--wrong"], ["operand"]):
        train(work, *options, expect=64)
    with open(empty, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    with open(f"{work}/models", "w", encoding="utf-8"):
        pass
    train(work, expect=73)


def test_few(work):
    for rows in (1, 2, 3, 4, 5):
        shutil.rmtree(f"{work}/batches", ignore_errors=True)
        write_batches(f"{work}/batches", rows, partitions=1)
        errors = train(work)
        check("nan" not in errors and "silhouette undefined" in errors, "figures that are not defined: " + errors)
        folder, manifest = check_generation(work)
        third = -(-rows // 3)
        check(manifest["model_rows"] == [third, min(2 * third, rows), rows], f"{rows} rows: {manifest['model_rows']}")
        for number, expected in zip((1, 2, 3), manifest["model_rows"]):
            with open(f"{folder}/model_{number}.json", encoding="utf-8") as file:
                model = json.load(file)
            check(model["k"] == min(3, expected), f"{rows} rows, model {number}: k = {model['k']}")


def start(work, *options):
    return subprocess.Popen([TRAINER, "--batches", f"{work}/batches", "--models", f"{work}/models", *options],
                            stderr=subprocess.PIPE, text=True)


def test_signals(work):
    write_batches(f"{work}/batches", 20000, partitions=1, batch=20000)
    train(work, "-q", "--k", "1")  # anything that is current; one cluster takes no time
    before = os.readlink(f"{work}/models/current")
    for delay in (0.02, 0.1, 0.5, 1.0):
        process = start(work, "--k", "100", "--n-init", "2000")
        time.sleep(delay)
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        errors = process.communicate(timeout=30)[1]
        took = time.monotonic() - asked
        # Before the handler stands, the signal just ends the process.
        check(process.returncode in (75, -signal.SIGTERM), f"exit {process.returncode}: {errors}")
        check(took < 2, f"stopping took {took:.1f} s")
        check(os.readlink(f"{work}/models/current") == before, "something was published")
        left = [name for name in os.listdir(f"{work}/models") if name not in (before, "current", ".lock")]
        check(not left, f"left behind: {left}")


    process = subprocess.Popen([TRAINER, "--models", f"{work}/models", "--predict", "-"], stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL)
    time.sleep(0.5)
    check(process.poll() is None, "--predict does not wait for its input")
    process.send_signal(signal.SIGTERM)
    check(process.wait(timeout=2) == -signal.SIGTERM, f"--predict: exit {process.returncode}")
    process.stdin.close()


def test_kills(work):
    draw = random.Random(7)
    write_batches(f"{work}/batches", 3000, partitions=2)
    began = time.monotonic()
    train(work, "-q")
    whole = time.monotonic() - began
    for _ in range(25):
        process = start(work, "-q")
        time.sleep(draw.uniform(0, whole * 1.2))
        process.kill()
        process.communicate()
        check_generation(work)
    train(work, "-q")
    left = [name for name in os.listdir(f"{work}/models") if not name.isdigit() and name not in ("current", ".lock")]
    check(not left, f"a later training left the remains of a killed one: {left}")
    check_generation(work)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(work, generation, process):
    for _ in range(300):
        try:
            if os.readlink(f"{work}/models/current") == generation:
                return
        except FileNotFoundError:
            pass
        check(process.poll() is None, "the watching trainer has ended")
        time.sleep(0.1)
    sys.exit(f"FAIL: generation {generation} did not come")


def test_watch(work):
    port = free_port()
    draw = random.Random(3)
    process = start(work, "--watch", "--every", "0.2", "--min-rows", "50", "--metrics-port", str(port))
    try:
        time.sleep(0.5)
        check(process.poll() is None, "no batches yet is no reason to end")
        write_batch(f"{work}/batches", 0, 0, [product(i, draw) for i in range(100)])
        wait_for(work, "000001", process)
        write_batch(f"{work}/batches", 0, 100, [product(i, draw) for i in range(100, 120)])
        time.sleep(1)
        check(os.readlink(f"{work}/models/current") == "000001", "20 new rows are fewer than --min-rows 50")
        write_batch(f"{work}/batches", 0, 120, [product(i, draw) for i in range(120, 180)])
        wait_for(work, "000002", process)
        check(check_generation(work)[1]["rows"] == 180, "rows of the second generation")
        wanted = ("pasar_trainer_generations_total 2", "pasar_trainer_rows 180", "pasar_trainer_failures_total 0")
        for _ in range(100):  # they are counted a moment after `current` was swapped
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as reply:
                metrics = reply.read().decode()
            if all(line in metrics for line in wanted):
                break
            time.sleep(0.05)
        for line in wanted:
            check(line in metrics, f"{line} is not among\n{metrics}")
        with open(f"{work}/batches/shop+00001+{0:020d}+{0:020d}.csv", "w", encoding="utf-8") as file:
            file.write("product_id\nx\n")
        time.sleep(1)
        check(process.poll() is None, "a bad batch must not end the watch")
        os.unlink(f"{work}/batches/shop+00001+{0:020d}+{0:020d}.csv")
        process.send_signal(signal.SIGHUP)
        wait_for(work, "000003", process)
        process.send_signal(signal.SIGTERM)
        errors = process.communicate(timeout=10)[1]
        check(process.returncode == 0, f"exit {process.returncode}: {errors}")
        check("3 generations published" in errors, "no summary line: " + errors)
        process = start(work, "--watch", "--every", "0.2", "--min-rows", "50")
        time.sleep(1)
        check(os.readlink(f"{work}/models/current") == "000003", "a restart has published the same batches again")
        write_batch(f"{work}/batches", 0, 180, [product(i, draw) for i in range(180, 240)])
        wait_for(work, "000004", process)
        process.send_signal(signal.SIGTERM)
        check("1 generations published" in process.communicate(timeout=10)[1], "rows that are new after a restart")
        process = start(work, "--watch", "--every", "0.2", "--min-rows", "50", "--k", "2")
        wait_for(work, "000005", process)  # other options: another model
    finally:
        process.kill()
        process.wait()


def write_end(folder, partition, offset, run, partitions):
    end = {"run": run, "rows": 10, "digest": "0" * 16, "partitions": partitions,
           "timestamp": "2026-01-01T00:00:00.000000Z"}
    path = f"{folder}/shop+{partition:05d}+{offset:020d}+{offset:020d}.end.json"
    with open(path, "w", encoding="utf-8") as file:
        json.dump(end, file, separators=(",", ":"))
        file.write("\n")


def test_ends(work):
    """--watch --min-rows: the end of a run lets its rows be trained on, however few they are."""
    draw = random.Random(4)
    write_batch(f"{work}/batches", 0, 0, [product(i, draw) for i in range(100)])
    process = start(work, "--watch", "--every", "0.2", "--min-rows", "1000")
    try:
        time.sleep(1)
        check(not os.path.exists(f"{work}/models/current"), "100 rows are fewer than --min-rows 1000, from the beginning")
        process.send_signal(signal.SIGHUP)
        wait_for(work, "000001", process)
        write_batch(f"{work}/batches", 0, 100, [product(i, draw) for i in range(100, 110)])
        write_end(f"{work}/batches", 0, 110, "r1", 2)
        time.sleep(1)
        check(os.readlink(f"{work}/models/current") == "000001", "the run has ended in one of two partitions only")
        write_end(f"{work}/batches", 1, 0, "r1", 2)
        wait_for(work, "000002", process)
        write_end(f"{work}/batches", 0, 111, "r2", 1)
        time.sleep(1)
        check(os.readlink(f"{work}/models/current") == "000002", "an end without new rows is no reason to train")
    finally:
        process.kill()
        process.communicate()


def inspect(*arguments, expect=0, stdin=None):
    done = subprocess.run([TRAINER, *arguments], capture_output=True, text=True, timeout=60, input=stdin)
    check(done.returncode == expect, f"{arguments}: exit {done.returncode} instead of {expect}: {done.stderr}")
    return done


def test_inspect(work):
    """--check and --predict."""
    inspect("--check", f"{work}/models", expect=66)
    inspect("--models", f"{work}/models", "--predict", "-", expect=66)
    write_batches(f"{work}/batches", 1000)
    train(work, "-q", "--k", "4")
    folder, _ = check_generation(work)
    report = inspect("--check", f"{work}/models").stdout
    check("generation 000001 is whole" in report and "1000 rows" in report, "what it is: " + report)
    for path in (folder, folder + "/"):
        check(inspect("--check", path).stdout == report, "the generation itself")
    batch = sorted(os.listdir(f"{work}/batches"))[0]
    with open(f"{folder}/products.csv", newline="", encoding="utf-8") as file:
        known = {row["product_id"]: row for row in csv.DictReader(file)}
    output = inspect("--models", f"{work}/models", "--predict", f"{work}/batches/{batch}").stdout
    rows = list(csv.DictReader(output.splitlines(keepends=True)))
    check(len(rows) == 500, f"{len(rows)} rows")
    for row in rows:
        for number in (1, 2, 3):
            check(known[row["product_id"]][f"cluster_{number}"] in ("", row[f"cluster_{number}"]), f"cluster of {row}")
            check(float(row[f"distance_{number}"]) >= 0, "distance")
    with open(f"{work}/batches/{batch}", encoding="utf-8") as file:
        for line, out in zip(file.read().splitlines(), output.splitlines()):
            check(out.startswith(line + ","), "the row as it was")
    # As people write it: other order, signs, grouping, a quoted newline, CRLF; and fewer columns than a product has.
    row = rows[0]
    price, votes = float(row["discounted_price"]), int(row["rating_count"])
    raw = f'note,rating_count,rating,discounted_price\r\n"a\r\n""b""","{votes:,}",{row["rating"]},"\u20b9{price:,}"\r\n'
    lines = inspect("--models", f"{work}/models", "--predict", "-", stdin=raw).stdout
    answer = list(csv.DictReader(lines.splitlines(keepends=True)))[0]
    check(all(answer[c] == row[c] for n in (1, 2, 3) for c in (f"cluster_{n}", f"distance_{n}")), f"{answer} is not {row}")
    for bad in ("", "rating\n1\n", "rating,rating,rating_count,discounted_price\n1,1,1,1\n",
                "rating,rating_count,discounted_price\n1,2\n", 'rating,rating_count,discounted_price\n1,2,"3\n'):
        inspect("--models", f"{work}/models", "--predict", "-", expect=65, stdin=bad)
    inspect("--models", f"{work}/models", "--predict", f"{work}/no.csv", expect=66)
    for options in (["--check", "x", "--predict", "y"], ["--watch", "--check", "x"], ["--expect", "abc"],
                    ["--k", "few"], ["--k", "257"], ["--k", "-1"], ["--init", "best"]):
        inspect(*options, expect=64)
    # A row in the wrong cluster, with all checksums right.
    with open(f"{folder}/products.csv", newline="", encoding="utf-8") as file:
        lines = file.read().split("\n")
    for i, a in enumerate(lines):
        if a.endswith(",,,0"):
            j = next(j for j, b in enumerate(lines) if b.endswith(",,,1"))
            lines[i], lines[j] = a[:-1] + "1", lines[j][:-1] + "0"
            break
    content = "\n".join(lines).encode()
    with open(f"{folder}/products.csv", "wb") as file:
        file.write(content)
    check("products.csv" in inspect("--check", folder, expect=65).stderr, "a changed file")
    with open(f"{folder}/manifest.json", encoding="utf-8") as file:
        manifest = json.load(file)
    manifest["files"][3].update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    manifest["sha256"] = "0" * 64
    text = json.dumps(manifest, indent=2)
    own = hashlib.sha256(text.encode()).hexdigest()
    with open(f"{folder}/manifest.json", "w", encoding="utf-8") as file:
        file.write(text.replace("0" * 64, own))
    check("nearest" in inspect("--check", folder, expect=65).stderr, "a row in the wrong cluster")


def test_modes(work):
    """--expect, --k auto, --init, ids from generation to generation."""
    write_batches(f"{work}/batches", 1000)
    errors = train(work, "-q", "--expect", "0" * 64, expect=65)
    actual = errors.split("checksum ")[1].split(",")[0]
    check(not os.path.exists(f"{work}/models/current"), "published what was not expected")
    train(work, "-q", "--expect", actual)
    folder, manifest = check_generation(work)
    digest = hashlib.sha256()
    for number in (1, 2, 3):
        with open(f"{folder}/model_{number}.json", "rb") as file:
            digest.update(file.read())
    check(digest.hexdigest() == actual, "the checksum is that of the three files")
    check(actual in inspect("--check", f"{work}/models").stdout, "--check tells it")
    check([a["models"] for a in manifest["agreement"]] == [[1, 2], [2, 3], [1, 3]], "agreement")
    with open(f"{folder}/products.csv", newline="", encoding="utf-8") as file:
        products = list(csv.DictReader(file))
    for entry in manifest["agreement"]:
        a, b = entry["models"]
        changed = sum(p[f"cluster_{a}"] not in ("", p[f"cluster_{b}"]) for p in products)
        check(entry["changed_rows"] == changed, f"{entry} but {changed} changed")
    for number in (1, 2, 3):
        with open(f"{folder}/model_{number}.json", encoding="utf-8") as file:
            model = json.load(file)
        for cluster in model["clusters"]:
            found = [p for p in products if p["product_id"] == cluster["nearest"]["product_id"]]
            check(found[0]["product_name"] == cluster["nearest"]["product_name"], "name of the nearest product")
            check(found[0][f"cluster_{number}"] == str(cluster["id"]), "cluster of the nearest product")
    train(work, "-q", "--expect", actual)  # a second generation of the same batches has the same ids
    train(work, "-q", "--k", "auto", "--init", "random", "--warm-start", "--seed", "7")
    with open(f"{check_generation(work)[0]}/model_3.json", encoding="utf-8") as file:
        model = json.load(file)
    best = max(model["k_trials"], key=lambda trial: (trial["silhouette"], -trial["k"]))
    check([t["k"] for t in model["k_trials"]] == list(range(2, 11)) and model["k"] == best["k"], "k by the silhouette")
    with open(f"{work}/models/{os.readlink(f'{work}/models/current')}/manifest.json", "w", encoding="utf-8") as file:
        file.write("{}")
    errors = train(work, "--expect", actual)  # a damaged one before: ids begin anew, and that is said
    check("manifest.json" in errors, "the damage is not told: " + errors)


def main():
    work = tempfile.mkdtemp(prefix="pasar-trainer-")
    try:
        globals()["test_" + sys.argv[1]](work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
