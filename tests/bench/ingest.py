"""Producer and consumer against bare librdkafka, bare libcsv, kcat, and what one would write in Python."""

import contextlib
import math
import os

from harness import BenchError, Limit, Row, say

PARTITIONS = 4
MIB = 1 << 20
MOCK_PARTITION_BYTES = 5 * MIB  # what librdkafka's mock keeps of a partition
# What the producer batches with; the reference gets the same, since librdkafka's own defaults would slow it down.
CLIENT = ["-X", "linger.ms=20", "-X", "batch.size=1000000"]
# kcat waits this long for more before it believes that a partition is at its end; 500 ms by default.
FETCH = ["-X", "fetch.wait.max.ms=20"]


def run(bench):
    csv = bench.generate(bench.args.rows)
    lines = bench.json_lines(csv, "values.jsonl")
    bench.results.facts.append(
        f"ingest: {bench.args.rows:,} rows, {os.path.getsize(csv) / 1e6:,.0f} MB of CSV, "
        f"{os.path.getsize(lines) / 1e6:,.0f} MB of JSON values; broker: "
        + ("librdkafka's mock" if bench.args.mock else "Apache Kafka on this machine, 1 broker"))
    null_sink(bench, csv)
    stream(bench, csv)
    with broker(bench, os.path.getsize(lines)) as (brokers, make_topic):
        topic = send(bench, csv, lines, brokers, make_topic)
        consume(bench, brokers, topic)


def rates(bench, samples):
    return [bench.args.rows / sample.seconds for sample in samples]


def memory(bench, id, what, samples):
    bench.results.limits.append(Limit(f"memory.{id}", f"{what}, peak memory", "MiB",
                                      max(s.rss_bytes for s in samples) / MIB, 128))


def null_sink(bench, csv):
    say("producer to nowhere against libcsv")
    pasar, reference = bench.alternate(
        bench.args.repeats,
        lambda _: bench.measure([bench.program("pasar-producer"), "-q", "--sink", "null", csv]),
        lambda _: bench.measure([bench.program("bench_libcsv"), csv]))
    bench.results.rows.append(Row("producer.null", "producer: CSV to null sink, against bare libcsv", "rows/s",
                                  rates(bench, pasar), rates(bench, reference), 0.5))
    memory(bench, "producer.null", "producer to null sink", pasar)


def stream(bench, csv):
    """Memory must not grow with the input: many times the catalogue through a pipe."""
    times = math.ceil(bench.args.stream_gb * 1e9 / os.path.getsize(csv))
    say(f"producer to nowhere, {bench.args.stream_gb:g} GB through a pipe")
    script = 'head -n 1 "$1"; for _ in $(seq "$2"); do tail -n +2 "$1"; done'
    sample = bench.measure(["bash", "-euo", "pipefail", "-c", f'{{ {script}; }} | "$0" -q --sink null -',
                            bench.program("pasar-producer"), csv, str(times)], timeout=1200)
    bench.results.limits.append(Limit("memory.producer.stream",
                                      f"producer, {bench.args.stream_gb:g} GB of CSV through standard input, peak memory",
                                      "MiB", sample.rss_bytes / MIB, 128))


def python(bench, name, *arguments):
    """One run of a Python reference, by its own clock: without the start of the interpreter."""
    sample = bench.measure(["/usr/bin/python3", os.path.join(bench.here, name), *arguments])
    answer = bench.answer(sample)
    if answer["rows"] < bench.args.rows:
        raise BenchError(f"{name} took {answer['rows']:,} of {bench.args.rows:,} rows")
    sample.seconds = answer["seconds"]
    return sample


@contextlib.contextmanager
def broker(bench, value_bytes):
    """(bootstrap servers, make_topic(name)) of a broker of our own."""
    if bench.args.mock:
        with mock_broker(bench, value_bytes) as made:
            yield made
    else:
        with kafka(bench) as brokers:
            yield brokers, lambda name: bench.measure([bench.program("bench_rdkafka_send"), "-b", brokers, "-t", name,
                                                       "--partitions", str(PARTITIONS)])


@contextlib.contextmanager
def mock_broker(bench, value_bytes):
    partitions = max(PARTITIONS, math.ceil(2 * value_bytes / MOCK_PARTITION_BYTES))
    read_end, write_end = os.pipe()
    command = [bench.program("pasar-mock-broker"), "--port", str(bench.port(0)), "--partitions", str(partitions)]
    with os.fdopen(read_end) as source, os.fdopen(write_end, "w") as orders, \
            bench.daemon(command, "broker", stdin=source) as child:
        def answers():
            with open(bench.path("broker.out")) as out:
                return out.read().splitlines()

        def make_topic(name):
            before = len(answers())
            orders.write(f"topic {name} {partitions}\n")
            orders.flush()
            bench.wait_for(f"topic {name}", lambda: len(answers()) > before, child, "broker")
            if answers()[-1] != "ok":
                raise BenchError(f"topic {name}: {answers()[-1]}")

        bench.wait_for("mock broker", lambda: any(a.startswith("ready") for a in answers()), child, "broker")
        yield f"127.0.0.1:{bench.args.port}", make_topic


@contextlib.contextmanager
def kafka(bench):
    """Apache Kafka from scripts/kafka, on ports and in a folder of ours."""
    script = os.path.join(bench.source, "scripts", "kafka")
    directory, port = bench.path("kafka"), bench.port(0)
    say("starting Kafka")
    try:
        bench.measure([script, "start", "--fresh", "--dir", directory, "--port", str(port), "--controller-port",
                       str(bench.port(1))], env=os.environ, timeout=180)
        yield f"127.0.0.1:{port}"
    finally:
        bench.measure([script, "stop", "--dir", directory], env=os.environ, timeout=60)


def send(bench, csv, lines, brokers, make_topic):
    """Returns a topic that the producer has filled."""
    say("producer against bare librdkafka")

    def pasar(repeat):
        make_topic(f"pasar-{repeat}")
        return bench.measure([bench.program("pasar-producer"), "-q", "--state", bench.path("state"), "-b", brokers,
                              "-t", f"pasar-{repeat}"] + CLIENT + [csv])

    def reference(repeat):
        make_topic(f"reference-{repeat}")
        sample = bench.measure([bench.program("bench_rdkafka_send"), "-b", brokers, "-t", f"reference-{repeat}"] +
                               CLIENT + [lines])
        sample.seconds = bench.answer(sample)["seconds"]  # without reading its values into memory
        return sample

    def in_python(repeat):
        make_topic(f"python-{repeat}")
        return python(bench, "python_producer.py", brokers, f"python-{repeat}", csv)

    reference("warm-up")  # a fresh broker is slow until its code is compiled
    ours, theirs, pythons = bench.alternate(bench.args.repeats, pasar, reference, in_python)
    bench.results.rows.append(Row("producer.kafka", "producer: CSV to acknowledged, against bare librdkafka", "rows/s",
                                  rates(bench, ours), rates(bench, theirs), 0.6))
    bench.results.rows.append(Row("producer.python", "producer: the same, against Python (csv, json, confluent-kafka)",
                                  "rows/s", rates(bench, ours), rates(bench, pythons), 3))
    memory(bench, "producer.kafka", "producer to Kafka", ours)
    return "pasar-0"


def consume(bench, brokers, topic):
    say("consumer against kcat")

    def pasar(batch_records):
        def one(repeat):
            directory = bench.path(f"batches-{batch_records}-{repeat}")
            sample = bench.measure([bench.program("pasar-consumer"), "-q", "-b", brokers, "-t", topic, "--group",
                                    f"bench-{batch_records}-{repeat}", "--output", directory, "--batch-records",
                                    str(batch_records), "--exit-at-end"] + FETCH)
            if repeat == 0:  # a figure for work that was not done would be worth nothing
                bench.measure([bench.program("pasar-consumer"), "-q", "--verify", "--output", directory])
            return sample
        return one

    def reference(_):
        out = bench.path("kcat.out")
        sample = bench.measure(["kcat", "-C", "-e", "-q", "-b", brokers, "-t", topic, "-o", "beginning"] + FETCH,
                               stdout=out)
        with open(out, "rb") as file:
            count = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(MIB), b""))
        if count < bench.args.rows:
            raise BenchError(f"kcat read {count:,} of {bench.args.rows:,} messages")
        return sample

    def in_python(repeat):
        return python(bench, "python_consumer.py", brokers, topic, bench.path(f"python-{repeat}"), "1000")

    small, large, theirs, pythons = bench.alternate(bench.args.repeats, pasar(1000), pasar(10000), reference, in_python)
    bench.results.rows.append(Row("consumer", "consumer: topic to synced batches of 1,000 rows, against kcat", "rows/s",
                                  rates(bench, small), rates(bench, theirs), 0.5))
    bench.results.rows.append(Row("consumer.10000", "consumer: the same, batches of 10,000 rows", "rows/s",
                                  rates(bench, large), rates(bench, theirs)))
    bench.results.rows.append(Row("consumer.python", "consumer: batches of 1,000, against Python (the same, synced)",
                                  "rows/s", rates(bench, small), rates(bench, pythons), 3))
    memory(bench, "consumer", "consumer", small + large)
