#!/usr/bin/env python3
"""Runs the console sessions of README.md against the real pipeline on data/sample.csv and compares what comes out.

A session is a fenced block marked `console`: lines that begin with "$ " are commands (a backslash at the end continues
one), the lines up to the next command are its output, to the letter; a line of only "…" stands for any lines.
    readme_test.py            compare; exit 1 where README.md and the programs differ
    readme_test.py --update   write the real output into README.md instead (keeps blocks that hold a "…" line)
"""
import difflib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

SOURCE = os.environ.get("PASAR_SOURCE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("PASAR_BIN") or os.path.join(SOURCE, "build", "release", "bin")
TESTBIN = os.environ.get("PASAR_TESTBIN") or os.path.join(SOURCE, "build", "release", "tests")
README = os.path.join(SOURCE, "README.md")
PAGE_PORT = "5001"  # what README.md says; the test uses a free one


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Pipeline:
    """Mock broker, producer, consumer, trainer (each to its end), and an API that stays up."""

    def __init__(self, folder):
        self.folder, self.children, self.port = folder, [], free_port()

    def program(self, name, *args):
        return [os.path.join(BIN, name), *map(str, args)]

    def start(self):
        broker_command = [os.path.join(TESTBIN, "pasar-mock-broker"), "--port", "0", "--partitions", "2"]
        broker = subprocess.Popen(broker_command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        self.children.append(broker)
        brokers = broker.stdout.readline().split()[1]
        batches, models = os.path.join(self.folder, "batches"), os.path.join(self.folder, "models")
        for command in (
            self.program("pasar-producer", "-q", "-b", brokers, os.path.join(SOURCE, "data", "sample.csv")),
            self.program("pasar-consumer", "-q", "-b", brokers, "--output", batches, "--exit-at-end"),
            self.program("pasar-trainer", "-q", "--batches", batches, "--models", models),
        ):
            subprocess.run(command, check=True, timeout=60)
        self.children.append(subprocess.Popen(self.program("pasar-api", "-q", "--models", models, "--port", self.port)))
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1):
                    return
            except OSError:
                time.sleep(0.05)
        sys.exit("pasar-api did not become ready within 10 s")

    def stop(self):
        for child in reversed(self.children):
            child.send_signal(signal.SIGTERM)
            child.wait(timeout=10)


def sessions(text):
    """Yields (line number, command, expected output lines) of each console block."""
    lines, i = text.split("\n"), 0
    while i < len(lines):
        if lines[i] != "```console":
            i += 1
            continue
        i += 1
        while lines[i] != "```":
            assert lines[i].startswith("$ "), f"README.md:{i + 1}: a console block begins with a command"
            at, command = i, lines[i][2:]
            while command.endswith("\\"):
                i += 1
                command = command[:-1] + lines[i].lstrip()
            i += 1
            first = i
            while lines[i] != "```" and not lines[i].startswith("$ "):
                i += 1
            yield at, command, first, lines[first:i]


def matches(expected, actual):
    pattern = "\n".join(".*" if line == "…" else re.escape(line) for line in expected)
    return re.fullmatch(pattern, "\n".join(actual), re.S) is not None


def main():
    update = "--update" in sys.argv[1:]
    with open(README, encoding="utf-8") as f:
        text = f.read()
    folder = tempfile.mkdtemp(prefix="pasar-readme-")
    pipeline = Pipeline(folder)
    checked = failed = 0
    try:
        pipeline.start()
        replacements = []
        for at, command, first, expected in sessions(text):
            real = command.replace("localhost:" + PAGE_PORT, f"localhost:{pipeline.port}")
            environment = dict(os.environ, PATH=BIN + ":" + os.environ["PATH"])
            result = subprocess.run(["bash", "-c", real], cwd=SOURCE, env=environment, text=True, timeout=60,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            output = result.stdout.replace(f":{pipeline.port}", ":" + PAGE_PORT).replace("\r", "").rstrip("\n")
            actual = output.split("\n") if output else []
            checked += 1
            if matches(expected, actual):
                continue
            if update and "…" not in expected:
                replacements.append((first, len(expected), actual))
                continue
            failed += 1
            print(f"README.md:{at + 1}: $ {command}")
            print("\n".join(difflib.unified_diff(expected, actual, "README.md", "really", lineterm="")))
        if replacements:
            lines = text.split("\n")
            for first, count, actual in reversed(replacements):
                lines[first:first + count] = actual
            with open(README, "w", encoding="utf-8") as f:
                f.write("\n".join(lines))
    finally:
        pipeline.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{checked} commands of README.md, {failed} differ")
    sys.exit(1 if failed or not checked else 0)


if __name__ == "__main__":
    main()
