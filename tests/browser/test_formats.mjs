// The page's pure modules, run where they run: in the browser, from the server.

import assert from 'node:assert/strict';

async function blank(open) {
  const page = await open();
  await page.goto(`${page.base}/`);
  return page;
}

export const tests = {
  'formats: money, counts and durations read as in India': async ({ open }) => {
    const page = await blank(open);
    const got = await page.evaluate(async () => {
      const f = await import('/page/format.js');
      return [
        f.rupees(399),
        f.rupees(1099.5),
        f.rupees(1234567),
        f.rupees(null),
        f.rupees(NaN),
        f.count(1313),
        f.plural(1, 'product'),
        f.plural(0, 'product'),
        f.percent(64),
        f.score(0.58351),
        f.score(2363.97),
        f.duration(0.00018),
        f.duration(0.0024),
        f.duration(2.5),
      ];
    });
    assert.deepEqual(got, [
      '₹399',
      '₹1,099.50',
      '₹12,34,567',
      '–',
      '–',
      '1,313',
      '1 product',
      '0 products',
      '64%',
      '0.584',
      '2,364',
      '180 µs',
      '2.4 ms',
      '2.5 s',
    ]);
  },

  'formats: category names get their spaces': async ({ open }) => {
    const page = await blank(open);
    const got = await page.evaluate(async () => {
      const f = await import('/page/format.js');
      return [
        'Computers&Accessories',
        'Printers,Inks&Accessories',
        'USBCables',
        'HomeImprovement',
        'TVs',
        'In-Ear',
        '',
        null,
      ].map(f.categoryName);
    });
    assert.deepEqual(got, [
      'Computers & Accessories',
      'Printers, Inks & Accessories',
      'USB Cables',
      'Home Improvement',
      'TVs',
      'In-Ear',
      '',
      '',
    ]);
  },

  'formats: addresses survive any text and leave out what is empty': async ({ open }) => {
    const page = await blank(open);
    const got = await page.evaluate(async () => {
      const r = await import('/page/route.js');
      const odd = 'a&b=c #%/? "<ü>';
      return [
        r.address('search', { q: odd, n: '', model: null }),
        r.parse(r.address('search', { q: odd })),
        r.parse(''),
        r.address('browse'),
      ];
    });
    assert.equal(got[0].includes('n='), false);
    assert.deepEqual(got[1], { view: 'search', params: { q: 'a&b=c #%/? "<ü>' } });
    assert.deepEqual(got[2], { view: 'browse', params: {} });
    assert.equal(got[3], '#browse');
  },

  'formats: metrics text is read and quantiles fall into their bucket': async ({ open }) => {
    const page = await blank(open);
    const got = await page.evaluate(async () => {
      const s = await import('/page/status.js');
      const series = s.parseMetrics(
        '# HELP x y\na_total{route="/api/{id}",code="200"} 12\nb 0.5\nc_bucket{le="+Inf"} 3\n',
      );
      return [
        series.map((x) => [x.name, x.labels, String(x.value)]),
        s.quantile(
          [
            [1, 0],
            [2, 10],
            [Infinity, 10],
          ],
          0.5,
        ),
        s.quantile([], 0.5),
        s.quantile(
          [
            [1, 0],
            [Infinity, 4],
          ],
          0.5,
        ),
      ];
    });
    assert.deepEqual(got[0], [
      ['a_total', { route: '/api/{id}', code: '200' }, '12'],
      ['b', {}, '0.5'],
      ['c_bucket', { le: '+Inf' }, '3'],
    ]);
    assert.equal(got[1], 1.5);
    assert.equal(got[2], null);
    assert.equal(got[3], 1);
  },
};
