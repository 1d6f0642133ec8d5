"""What the end-to-end tests share: brokers, daemons in a folder of their own, and an independent reading of the CSV.

Standard library only. The environment says where things are: PASAR_BIN (the four programs), PASAR_TESTBIN (the mock
broker), PASAR_SOURCE (the source tree); PASAR_TEST_BROKER is mock (default) or kafka.
"""
import csv
import json
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

SOURCE = os.environ.get('PASAR_SOURCE', os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..')))
BIN = os.environ.get('PASAR_BIN', os.path.join(SOURCE, 'build', 'release', 'bin'))
TESTBIN = os.environ.get('PASAR_TESTBIN', os.path.join(os.path.dirname(BIN), 'tests'))
BROKER = os.environ.get('PASAR_TEST_BROKER', 'mock')
SAMPLE = os.path.join(SOURCE, 'data', 'sample.csv')
AMAZON = os.environ.get('PASAR_AMAZON_CSV', os.path.join(SOURCE, '..', 'shared', 'data', 'amazon.csv'))

COLUMNS = ('product_id product_name category discounted_price actual_price discount_percentage rating rating_count '
           'about_product user_id user_name review_id review_title review_content img_link product_link').split()
# Column: (least, greatest) value; everything else is text.
NUMBERS = {'discounted_price': (0, math.inf), 'actual_price': (0, math.inf), 'discount_percentage': (0, 100),
           'rating': (0, 5), 'rating_count': (0, math.inf)}


def skip(reason):
    print('SKIP: ' + reason)
    sys.exit(77)


def clean_number(text, column):
    """The contract's cleaning, written a second time: a number, or None where there is none in range."""
    text = re.sub(r'[₹%,\s]', '', text)
    if not re.fullmatch(r'[+-]?(\d+\.?\d*|\.\d+)', text):
        return None
    low, high = NUMBERS[column]
    value = float(text)
    return value if low <= value <= high else None


def clean_row(row):
    return {c: clean_number(row[c], c) if c in NUMBERS else row[c] for c in COLUMNS}


def read_csv(path):
    with open(path, newline='', encoding='utf-8-sig') as file:
        return list(csv.DictReader(file, strict=True))


def products_of(rows):
    """Rows -> products: the last record of an id stands for it, at its own place."""
    last = {row['product_id']: i for i, row in enumerate(rows)}
    return [rows[i] for i in sorted(last.values())]


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def wait_until(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError('%s: not within %g s' % (what, seconds))


class Daemon:
    """A program in the background, its stderr in a file."""

    def __init__(self, folder, program, *args, path=None, stdin=subprocess.DEVNULL):
        self.name = os.path.basename(program)
        self.log = os.path.join(folder, '%s.%d.log' % (self.name, time.monotonic_ns()))
        self.out = self.log[:-4] + '.out'
        with open(self.log, 'wb') as err, open(self.out, 'wb') as out:
            self.process = subprocess.Popen([os.path.join(path or BIN, program), *args], stdin=stdin, stdout=out, stderr=err)

    def wait(self, seconds=120):
        return self.process.wait(seconds)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, seconds=20):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()

    def text(self):
        with open(self.log, encoding='utf-8', errors='replace') as file:
            return file.read()

    def output(self):
        with open(self.out, encoding='utf-8', errors='replace') as file:
            return file.read()


class Case(unittest.TestCase):
    """A folder, a broker, and everything stopped and removed afterwards. A failed test prints the logs' ends."""

    partitions = 4
    topic = 'products'

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='pasar-e2e-')
        self.batches = os.path.join(self.folder, 'batches')
        self.models = os.path.join(self.folder, 'models')
        self.daemons = []
        self.addCleanup(self.clean)

    def clean(self):
        for daemon in reversed(self.daemons):
            daemon.kill()
        outcome = getattr(self, '_outcome', None)
        errors = getattr(getattr(outcome, 'result', None), 'errors', []) + getattr(getattr(outcome, 'result', None), 'failures', [])
        if any(test is self for test, _ in errors) or not getattr(outcome, 'success', True):
            for daemon in self.daemons:
                sys.stderr.write('--- %s (status %s)\n%s' % (daemon.name, daemon.process.returncode, daemon.text()[-3000:]))
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, program, *args, **options):
        daemon = Daemon(self.folder, program, *args, **options)
        self.daemons.append(daemon)
        return daemon

    def run_to_end(self, program, *args, status=0, seconds=300):
        daemon = self.start(program, *args)
        self.assertEqual(daemon.wait(seconds), status, '%s %s:\n%s' % (program, ' '.join(args), daemon.text()[-3000:]))
        return daemon

    def start_broker(self):
        """The bootstrap address of a broker with the topic."""
        if BROKER == 'mock':
            self.broker = self.start('pasar-mock-broker', '--partitions', str(self.partitions), '--topic', self.topic,
                                     path=TESTBIN, stdin=subprocess.PIPE)
            wait_until('the mock broker', lambda: self.broker.output().startswith('ready '), 10)
            self.brokers = self.broker.output().split()[1]
        else:
            port, controller = str(free_port()), str(free_port())
            kafka = [os.path.join(SOURCE, 'scripts', 'kafka')]
            where = ['--dir', os.path.join(self.folder, 'kafka')]
            self.addCleanup(subprocess.run, kafka + ['stop'] + where, stderr=subprocess.DEVNULL)
            subprocess.run(kafka + ['start', '--port', port, '--controller-port', controller] + where, check=True)
            self.brokers = 'localhost:' + port

    def stop_broker(self):
        """Ends the mock; it must not have dropped anything."""
        if BROKER == 'mock':
            self.assertEqual(self.broker.stop(), 0, self.broker.text())

    def produce(self, *files, status=0, args=()):
        return self.run_to_end('pasar-producer', '-b', self.brokers, '-t', self.topic, '--create-topic', '--partitions',
                               str(self.partitions), '--state', os.path.join(self.folder, 'state'), *args, *files,
                               status=status)

    def consumer_args(self, *args):
        # Short waits, so that a killed consumer's place in the group is free soon.
        return ['-b', self.brokers, '-t', self.topic, '-o', self.batches, '-X', 'session.timeout.ms=6000', *args]

    def consume(self, *args):
        return self.run_to_end('pasar-consumer', *self.consumer_args('--exit-at-end', *args))

    def train(self, *args):
        return self.run_to_end('pasar-trainer', '--batches', self.batches, '--models', self.models, *args)

    def start_api(self, *args):
        self.url = 'http://127.0.0.1:%d' % free_port()
        api = self.start('pasar-api', '--models', self.models, '--bind', '127.0.0.1', '--port', self.url.split(':')[2], *args)
        wait_until('the API', lambda: api.process.poll() is not None or self.get('/healthz')[0] == 200, 30)
        self.assertIsNone(api.process.poll(), api.text())
        return api

    def get(self, path):
        """(status, body): JSON decoded where it is JSON; status 0 without a server."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as reply:
                status, kind, body = reply.status, reply.headers['Content-Type'], reply.read()
        except urllib.error.HTTPError as error:
            status, kind, body = error.code, error.headers['Content-Type'], error.read()
        except OSError:
            return 0, None
        return status, json.loads(body) if 'json' in (kind or '') else body

    def batch_files(self):
        return sorted(os.path.join(d, f) for d, _, files in os.walk(self.batches) for f in files
                      if f.endswith('.csv') and not f.startswith('.'))

    def batch_rows(self):
        """Every row of every published batch in arrival order."""
        rows = []
        for path in self.batch_files():
            partition = int(os.path.basename(path).split('+')[1])
            for place, row in enumerate(read_csv(path)):
                self.assertEqual(list(row), COLUMNS + ['timestamp'], path)
                rows.append((row['timestamp'], partition, path, place, row))
        return [row[-1] for row in sorted(rows, key=lambda r: r[:4])]

    def assert_rows_equal(self, got, source):
        """Batch rows against raw CSV rows, field by field."""
        self.assertEqual(len(got), len(source))
        for i, (have, raw) in enumerate(zip(got, source)):
            for column, want in clean_row(raw).items():
                value = have[column]
                if column in NUMBERS:
                    value = float(value) if value != '' else None
                self.assertEqual(value, want, 'row %d, %s' % (i + 1, column))
