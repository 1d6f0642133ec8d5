"""The API against a bare libmicrohttpd that sends ready-made replies of the same sizes."""

import contextlib
import csv
import http.client
import json
import os
import random
import statistics
import time
import urllib.parse

import page
from harness import BenchError, Limit, Row, cpu_seconds, peak_rss, say

SMALL = 1465
# Runs of each side for one of --repeats: which threads share a processor is drawn anew with each run, and alone makes
# a rate half as large again or not. So many short runs tell more than a few long ones.
RUNS = 3
PRODUCTS_WANTED = 5000  # of the server's products, the source of names, categories and prices
SIZE_SAMPLE = 200
# endpoint, what, goal against the static reply, goal of a large catalogue against the small one, its p99 in ms
ENDPOINTS = (
    ("categories", "categories", 0.7, 0.5, 5),
    ("products", "products of a category", 0.7, 0.5, 5),
    ("price", "products by price", 0.7, 0.5, 5),
    ("similar_short", "similar, short queries", 0.3, None, 20),
    ("similar_full", "similar, full names", 0.1, None, 20),
)
# Measured on another machine; not a side of any line.
FLASK = ("For comparison, as recorded of the original Flask program with 1,465 products: 233 to 330 requests/s, p50 about "
         "50 ms")
# A page of each kind that a filter, an order or an offset can make costly; p99 in ms of a large catalogue.
COSTLY_P99_MS = 5
# What "its text" is: the columns of a row that the API serves as text.
TEXT_COLUMNS = ("product_id", "product_name", "category", "about_product", "img_link", "product_link")


class Server:
    """A running pasar-api with a catalogue, and what to ask it."""

    def __init__(self, bench, port, pid, name):
        self.bench, self.port, self.pid, self.name = bench, port, pid, name
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.paths = {}
        self.load_seconds = None  # from its start until it is ready

    def get(self, path):
        try:
            self.connection.request("GET", path)
            reply = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError):  # it was silent for too long
            self.connection.close()
            self.connection.request("GET", path)
            reply = self.connection.getresponse()
        return reply.status, reply.read()

    def ask(self, path):
        status, body = self.get(path)
        if status != 200:
            raise BenchError(f"GET {path}: {status} {body[:200]!r}")
        return json.loads(body)

    def prepare(self):
        """Fills `paths`, a file of request paths per endpoint, from the server's own answers."""
        draw = random.Random(1)
        main = self.ask("/api/categories")
        groups = [f"{first}|{second}" for first, seconds in main.items() for second in seconds]
        products = []
        each = min(1000, -(-PRODUCTS_WANTED // len(groups)))
        for group in groups:
            products += self.ask(query("products", category=group, limit=each))
        names = sorted({p["name"] for p in products if p["name"]})
        prices = sorted({p["price"] for p in products if p["price"]})
        categories = set(main) | set(groups) | {p["category_path"] for p in products if p["category_path"]}
        asked = {
            "categories": ["/api/categories"],
            "products": [query("products", category=c) for c in sorted(categories)],
            "price": [query("products_by_price", target_price=f"{p * draw.uniform(0.95, 1.05):.2f}")
                      for p in prices for _ in range(4)],
            "similar_short": [query("similar_products", name=n) for n in sorted(set(short_queries(names, draw)))],
            "similar_full": [query("similar_products", name=n) for n in names],
        }
        for endpoint, paths in asked.items():
            draw.shuffle(paths)
            self.paths[endpoint] = self.bench.path(f"{self.name}-{endpoint}.paths")
            with open(self.paths[endpoint], "w") as file:
                file.writelines(path + "\n" for path in paths)
        return {endpoint: len(paths) for endpoint, paths in asked.items()}

    def sizes(self, endpoint):
        """Reply sizes in bytes of the first paths of an endpoint."""
        with open(self.paths[endpoint]) as file:
            paths = [line.strip() for line, _ in zip(file, range(SIZE_SAMPLE))]
        sizes = []
        for path in paths:
            status, body = self.get(path)
            if status != 200:
                raise BenchError(f"GET {path}: {status} {body[:200]!r}")
            sizes.append(len(body))
        return sizes


def query(endpoint, **parameters):
    return f"/api/{endpoint}?" + urllib.parse.urlencode(parameters)


def short_queries(names, draw):
    """One or two neighbouring words of each name, as people type them."""
    for name in names:
        words = [word.strip("(),[]|") for word in name.split()]
        words = [word for word in words if len(word) > 2]
        for _ in range(3):
            if words:
                at = draw.randrange(len(words))
                yield " ".join(words[at:at + draw.randint(1, 2)]).lower()


@contextlib.contextmanager
def serve(bench, csv_path, name, port_index):
    """pasar-api over the catalogue of a CSV: producer's records, batches, trainer, API."""
    models = bench.path(f"{name}-models")
    bench.measure([bench.program("pasar-trainer"), "-q", "--batches", bench.batches(csv_path, f"{name}-batches"),
                   "--models", models])
    port = bench.port(port_index)
    command = [bench.program("pasar-api"), "-q", "--models", models, "--bind", "127.0.0.1", "--port", str(port),
               "--threads", str(bench.args.threads)]
    with bench.daemon(command, name) as child:
        server = Server(bench, port, child.pid, name)
        started = time.monotonic()

        def is_ready():
            try:
                return server.get("/readyz")[0] == 200
            except OSError:
                server.connection.close()
                return False

        bench.wait_for("pasar-api", is_ready, child, name, timeout=300)
        server.load_seconds = time.monotonic() - started
        yield server


@contextlib.contextmanager
def static(bench, sizes):
    """Bare libmicrohttpd with replies of these sizes in turn; yields its port and process. (One of their mean size would fit into
    what wrk reads at once, where the larger ones do not.)"""
    port = bench.port(9)
    with open(bench.path("static.sizes"), "w") as file:
        file.writelines(f"{size}\n" for size in sizes)
    command = [bench.program("bench_mhd_static"), "--port", str(port), "--threads", str(bench.args.threads),
               "--sizes", bench.path("static.sizes")]
    with bench.daemon(command, "static") as child:
        def is_ready():
            with open(bench.path("static.out")) as out:
                return out.read() == "ready\n"

        bench.wait_for("bench_mhd_static", is_ready, child, "static")
        yield port, child.pid


def load(bench, port, pid, paths, seconds):
    """wrk over the paths; its figures as a dictionary, with the server's processor time a request."""
    before = cpu_seconds(pid)
    sample = bench.measure(["wrk", "-t2", "-c16", f"-d{seconds}s", "-s", os.path.join(bench.here, "api.lua"),
                            f"http://127.0.0.1:{port}", "--", paths], timeout=seconds + 60)
    figures = next(json.loads(line[6:]) for line in sample.stdout.splitlines() if line.startswith("BENCH "))
    if figures["bad_status"] or figures["failed"] or not figures["requests"]:
        raise BenchError(f"wrk on {paths}: {figures}")
    figures["rate"] = figures["requests"] * 1e6 / figures["microseconds"]
    figures["cpu"] = 1e6 * (cpu_seconds(pid) - before) / figures["requests"]
    return figures


def run(bench):
    small_csv = bench.args.csv or bench.generate(SMALL)
    with contextlib.ExitStack() as stack:
        servers = {"small": stack.enter_context(serve(bench, small_csv, "small", 5))}
        count = servers["small"].prepare()
        bench.results.facts.append(
            f"API: wrk, 16 connections, 2 threads, {RUNS * bench.args.repeats} runs of {bench.args.seconds} s of each side; "
            "different requests: "
            + ", ".join(f"{endpoint} {n:,}" for endpoint, n in count.items()))
        bench.results.facts.append(FLASK)
        if bench.args.million:
            large_csv = bench.generate(bench.args.million)
            idle = peak_rss(servers["small"].pid)
            servers["large"] = stack.enter_context(serve(bench, large_csv, "large", 6))
            servers["large"].prepare()
            bench.results.limits.append(Limit("api.large.load", f"API, start to ready, {bench.args.million:,} products",
                                              "s", servers["large"].load_seconds, 20))
            costly(bench, servers["large"])
            memory(bench, servers["large"], large_csv, idle)
        for endpoint in ENDPOINTS:
            measure(bench, servers, *endpoint)
        for name, server in servers.items():
            bench.results.limits.append(Limit(f"memory.api.{name}", f"API, {name} catalogue, peak memory", "MiB",
                                              peak_rss(server.pid) / (1 << 20)))
            page.run(bench, server, name)


def measure(bench, servers, endpoint, what, goal, large_goal, large_p99_ms):
    say(f"API, {what}")
    small, large = servers["small"], servers.get("large")
    sizes = small.sizes(endpoint)

    def side(server):
        return lambda _: load(bench, server.port, server.pid, server.paths[endpoint], bench.args.seconds)

    with static(bench, sizes) as (port, pid):
        for server in servers.values():
            load(bench, server.port, server.pid, server.paths[endpoint], 1)
        sides = [side(small), lambda _: load(bench, port, pid, small.paths[endpoint], bench.args.seconds)]
        runs = bench.alternate(RUNS * bench.args.repeats, *sides, *([side(large)] if large else []))
    rate = [[r["rate"] for r in samples] for samples in runs]
    bench.results.rows.append(Row(f"api.{endpoint}", f"API: {what} ({round(statistics.mean(sizes)):,} bytes), against bare libmicrohttpd",
                                  "requests/s", rate[0], rate[1], goal, note=details(runs[0], runs[1])))
    if large:
        bench.results.rows.append(Row(f"api.large.{endpoint}", f"API: {what}, {bench.args.million:,} products, against "
                                      "the small catalogue", "requests/s", rate[2], rate[0], large_goal,
                                      note=details(runs[2], runs[0])))
        bench.results.limits.append(Limit(f"api.large.{endpoint}.p99", f"API: {what}, {bench.args.million:,} products, "
                                          "p99", "ms", percentile(runs[2], "p99"), large_p99_ms))


def costly_paths(server):
    """Pages by every order, with filters and far offsets, in every combination of a seeded draw."""
    draw = random.Random(2)
    main = list(server.ask("/api/categories"))
    keys = ("price", "actual_price", "discount", "rating", "rating_count", "name", "product_id", "score")
    for _ in range(500):
        asked = {"limit": draw.choice((5, 5, 5, 100))}
        if draw.random() < 0.7:
            asked["category"] = draw.choice(main)
        if draw.random() < 0.7:
            asked["sort"] = ",".join(draw.choice(("", "-")) + key for key in draw.sample(keys, draw.choice((1, 1, 2, 3))))
        low = draw.uniform(50, 5000)
        if draw.random() < 0.3:
            asked["min_price"] = f"{low:.2f}"
        if draw.random() < 0.3:
            asked["max_price"] = f"{low * draw.uniform(1, 10):.2f}"
        if draw.random() < 0.3:
            asked["min_rating"] = draw.choice((3, 4, 4.5))
        if draw.random() < 0.3:
            asked["cluster"] = draw.choice((0, 1, 2))
        if draw.random() < 0.4:
            asked["offset"] = draw.choice((100, 5000, 100000, 900000))
        yield query("products", strict=0, **asked)


def costly(bench, server):
    """Latency of sorted, filtered and far pages, one client."""
    say("API, sorted and filtered pages")
    took = []
    for path in costly_paths(server):
        started = time.monotonic()
        status, body = server.get(path)
        took.append(1000 * (time.monotonic() - started))
        if status not in (200, 404):
            raise BenchError(f"GET {path}: {status} {body[:200]!r}")
    took.sort()
    bench.results.limits.append(Limit(
        "api.large.costly.p99", f"API: sorted, filtered and far pages, {bench.args.million:,} products, p99", "ms",
        took[len(took) * 99 // 100], COSTLY_P99_MS, f"one client; p50 {took[len(took) // 2]:.2f} ms, most {took[-1]:.2f} ms"))


def percentile(runs, name):
    """In milliseconds, the median over the runs."""
    return statistics.median(r[name] for r in runs) / 1000


def details(ours, theirs):
    return "; ".join(f"{side} p50 {percentile(runs, 'p50'):.2f} ms, p99 {percentile(runs, 'p99'):.2f} ms, "
                     f"{statistics.median(r['cpu'] for r in runs):.1f} µs of processor a request"
                     for side, runs in (("Pasar", ours), ("reference", theirs)))


def memory(bench, server, csv_path, constant):
    """Memory a product beyond its text; `constant` is what the API takes with the small catalogue."""
    text = count = 0
    with open(csv_path, encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            text += sum(len(row[column].encode()) for column in TEXT_COLUMNS)
            count += 1
    bench.results.limits.append(Limit(
        "memory.api", f"API, memory a product beyond its text ({count:,} products)", "bytes",
        (peak_rss(server.pid) - constant - text) / count, 1024,
        f"text {text / count:.0f} bytes a product, {(peak_rss(server.pid) - constant) / count:.0f} with it"))
