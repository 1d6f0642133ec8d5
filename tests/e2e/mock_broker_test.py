#!/usr/bin/env python3
"""The mock broker keeps what it promises to the other tests: fixed ports, commands, no silent loss."""
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness

UNAVAILABLE, IOERR = 69, 74


class MockBroker(harness.Case):
    def start_mock(self, *args):
        broker = self.start('pasar-mock-broker', *args, path=harness.TESTBIN, stdin=subprocess.PIPE)
        harness.wait_until('ready', lambda: broker.output().startswith('ready ') or broker.process.poll() is not None, 10)
        return broker

    def command(self, broker, line):
        before = len(broker.output())
        broker.process.stdin.write(line.encode() + b'\n')
        broker.process.stdin.flush()
        return harness.wait_until('an answer', lambda: (broker.output()[before:].endswith(('ok\n', 'command\n'))
                                                        and broker.output()[before:]), 10)

    def kcat(self, broker, *args, data=None):
        kcat = shutil.which('kcat') or self.skipTest('kcat is not installed')
        return subprocess.run([kcat, '-b', broker.output().split()[1], *args], input=data, capture_output=True, timeout=60)

    def test_ports__are_the_ones_asked_for_and_a_taken_one_is_named(self):
        port = harness.free_port()
        broker = self.start_mock('--port', str(port))
        self.assertEqual(broker.output(), 'ready 127.0.0.1:%d\n' % port)
        second = self.start_mock('--port', str(port))
        self.assertEqual(second.wait(), UNAVAILABLE)
        self.assertIn('127.0.0.1:%d' % port, second.text())
        self.assertEqual(broker.stop(), 0)

    def test_data__comes_back_and_is_counted(self):
        broker = self.start_mock('--partitions', '1', '--topic', 't')
        data = b''.join(b'%d\n' % i for i in range(1000))
        self.kcat(broker, '-P', '-t', 't', data=data)
        self.assertEqual(self.kcat(broker, '-C', '-q', '-e', '-X', 'fetch.wait.max.ms=10', '-t', 't').stdout, data)
        self.assertEqual(self.command(broker, 'watermarks'), 't 0 0 1000\nok\n')
        self.assertEqual(broker.stop(), 0)

    def test_commands__change_the_cluster(self):
        broker = self.start_mock('--brokers', '2', '--partitions', '1', '--topic', 't')
        self.assertEqual(self.command(broker, 'topic made 3'), 'ok\n')
        self.assertIn(b'topic "made" with 3 partitions', self.kcat(broker, '-L').stdout)
        self.assertEqual(self.command(broker, 'leader t 0 2'), 'ok\n')
        self.assertEqual(self.command(broker, 'coordinator g 2'), 'ok\n')
        self.assertIn(b'partition 0, leader 2', self.kcat(broker, '-L', '-t', 't').stdout)
        self.assertEqual(self.command(broker, 'err 0 7 3'), 'ok\n')
        self.assertEqual(self.command(broker, 'rtt 1 10'), 'ok\n')
        self.assertEqual(self.command(broker, 'slow 1 0 100'), 'ok\n')
        self.assertEqual(self.command(broker, 'make tea'), 'error not a command\n')
        self.assertEqual(self.command(broker, 'down 0'), 'ok\n')
        self.assertNotEqual(self.kcat(broker, '-L', '-m', '1').returncode, 0)
        self.assertEqual(self.command(broker, 'up 0'), 'ok\n')
        self.assertEqual(self.kcat(broker, '-L').returncode, 0)

    def test_dropped_data__ends_the_broker_loudly(self):
        broker = self.start_mock('--partitions', '1', '--topic', 't')
        self.kcat(broker, '-P', '-t', 't', data=(b'x' * 999 + b'\n') * 6000)
        self.assertEqual(broker.wait(20), IOERR)
        self.assertIn('DATA DROPPED: t [0]', broker.text())


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
