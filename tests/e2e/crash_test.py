#!/usr/bin/env python3
"""Whatever dies in the middle, each row of the topic ends up in exactly one batch."""
import os
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness

ROWS = 3000
KILLS = 3


class Crash(harness.Case):
    def setUp(self):
        super().setUp()
        self.csv = os.path.join(self.folder, 'catalogue.csv')
        subprocess.run([os.path.join(harness.SOURCE, 'scripts', 'generate'), '--rows', str(ROWS), '--seed', '7', '-o', self.csv],
                       check=True)
        self.start_broker()

    def assert_every_row_once(self):
        self.consume('--batch-records', '20')
        self.assert_rows_equal(self.batch_rows(), harness.read_csv(self.csv))
        self.run_to_end('pasar-consumer', *self.consumer_args('--verify'))
        hidden = [f for _, _, files in os.walk(self.batches) for f in files if '.tmp' in f]
        self.assertEqual(hidden, [])
        self.stop_broker()

    def test_consumer__killed_in_the_middle_repeats_and_loses_nothing(self):
        self.produce(self.csv)
        kills = 0
        for _ in range(KILLS):
            before = len(self.batch_files())
            consumer = self.start('pasar-consumer', *self.consumer_args('--batch-records', '20'))
            harness.wait_until('new batches', lambda: len(self.batch_files()) > before + 2, 60)
            consumer.kill()
            if len(self.batch_files()) < ROWS // 20:
                kills += 1
        self.assertGreater(kills, 0, 'the consumer was always done before it could be killed')
        self.assert_every_row_once()

    @unittest.skipIf(harness.BROKER != 'mock', 'needs a broker that is told to go away')
    def test_producer__outlasts_an_outage_of_all_brokers(self):
        producer = self.start('pasar-producer', '-b', self.brokers, '-t', self.topic, '--rate', '1000', '--state',
                              os.path.join(self.folder, 'state'), self.csv)
        time.sleep(1)
        self.broker.process.stdin.write(b'down 0\n')
        self.broker.process.stdin.flush()
        time.sleep(3)
        self.assertIsNone(producer.process.poll(), producer.text())
        self.broker.process.stdin.write(b'up 0\n')
        self.broker.process.stdin.flush()
        self.assertEqual(producer.wait(), 0, producer.text())
        self.assert_every_row_once()


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
