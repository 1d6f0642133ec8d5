#!/usr/bin/env python3
"""SIGTERM stops each of the four cleanly in under 2 s, in the middle of its work."""
import os
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness

TEMPFAIL = 75


class Stop(harness.Case):
    def assert_stops(self, daemon, statuses=(0,), number=signal.SIGTERM):
        self.assertIsNone(daemon.process.poll(), daemon.text())
        began = time.monotonic()
        daemon.signal(number)
        status = daemon.wait(20)
        took = time.monotonic() - began
        self.assertIn(status, statuses, daemon.text())
        self.assertLess(took, 2, daemon.text())

    def test_producer_and_consumer__stop_in_the_middle_of_the_stream(self):
        self.start_broker()
        producer = self.start('pasar-producer', '-b', self.brokers, '-t', self.topic, '--rate', '200', '--state',
                              os.path.join(self.folder, 'state'), harness.SAMPLE)
        consumer = self.start('pasar-consumer', *self.consumer_args('--batch-records', '100'))
        harness.wait_until('a batch', self.batch_files, 30)
        # Rows are missing from the topic, and the producer's status says so.
        self.assert_stops(producer, (TEMPFAIL,))
        self.assert_stops(consumer)
        for path in self.batch_files():
            harness.read_csv(path)

    def test_consumer__publishes_its_open_batch(self):
        self.start_broker()
        self.produce(harness.SAMPLE)
        consumer = self.start('pasar-consumer', *self.consumer_args('--batch-records', '700'))
        harness.wait_until('a batch', self.batch_files, 30)
        self.assert_stops(consumer, number=signal.SIGINT)
        self.consume()
        self.assert_rows_equal(self.batch_rows(), harness.read_csv(harness.SAMPLE))

    def test_consumer__stops_without_a_broker(self):
        consumer = self.start('pasar-consumer', '-b', '127.0.0.1:%d' % harness.free_port(), '-o', self.batches)
        time.sleep(1)
        self.assert_stops(consumer, (0, TEMPFAIL))

    def test_trainer_and_api__stop_while_they_watch(self):
        self.start_broker()
        self.produce(harness.SAMPLE)
        self.consume()
        trainer = self.start('pasar-trainer', '--batches', self.batches, '--models', self.models, '--watch')
        api = self.start_api()
        harness.wait_until('/readyz', lambda: self.get('/readyz')[0] == 200)
        self.assert_stops(trainer)
        self.assert_stops(api)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
