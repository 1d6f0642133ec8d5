#!/usr/bin/env python3
"""A file with every kind of damage at the default limits: each bad row is named, all others come through."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness

MIB = 1 << 20


def row(number, **cells):
    return ','.join([cells.get(c, '4' if c in harness.NUMBERS else '%s %d' % (c, number)) for c in harness.COLUMNS])


class BadCsv(harness.Case):
    def test_producer__rejects_what_is_damaged_and_nothing_else(self):
        lines = [','.join(harness.COLUMNS).encode()]

        def add(text, reason=None):
            """One line; for a bad one what the rejects file must say of it."""
            offset = 3 + sum(len(line) + 2 for line in lines)
            lines.append(text if isinstance(text, bytes) else text.encode())
            if reason:
                expected.append((len(lines), offset, reason))

        expected = []
        add(row(1))
        add(row(2, about_product='x' * (2 * MIB)), 'record longer than 1048576 bytes')
        add(row(3, rating='51.7'))
        add(row(4, product_id=''), 'empty product_id')
        add(row(5, user_name='@').encode().replace(b'@', b'\xff'), 'invalid UTF-8')
        add(row(6, about_product='x' * (MIB - 500)))
        add(row(7, product_name='"never closed'), 'unterminated quote')
        add(row(8, product_name='"closed, with a comma"'))
        add(row(9))
        path = os.path.join(self.folder, 'bad.csv')
        with open(path, 'wb') as file:
            file.write(b'\xef\xbb\xbf' + b''.join(line + b'\r\n' for line in lines))
        rejects = os.path.join(self.folder, 'rejects.jsonl')
        producer = self.run_to_end('pasar-producer', '--sink', 'stdout', '--rejects', rejects, path)

        sent = [json.loads(line) for line in producer.output().splitlines()]
        self.assertEqual([r['product_id'] for r in sent], ['product_id %d' % i for i in (1, 3, 6, 8, 9)])
        self.assertEqual([r['rating'] for r in sent], [4, None, 4, 4, 4])
        self.assertEqual(sent[3]['product_name'], 'closed, with a comma')
        with open(rejects, encoding='utf-8') as file:
            got = [json.loads(line) for line in file]
        self.assertEqual([(r['line'], r['offset']) for r in got], [e[:2] for e in expected])
        for reject, (_, _, reason) in zip(got, expected):
            self.assertTrue(reject['reason'].startswith(reason), reject['reason'])
        self.assertRegex(producer.text(), r'rejected 4\b')
        self.assertRegex(producer.text(), r'rating 1 \(1 out of range\)')


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
