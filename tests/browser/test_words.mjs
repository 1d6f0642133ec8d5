// What the page says: true, in words of shoppers and not of the API, prices as they are written in India.

import assert from 'node:assert/strict';

const ask = async (base, path) => (await fetch(base + path)).json();

export const tests = {
  'words: a label is said of the group, not of the product in it': async ({ open, base }) => {
    const [product] = await ask(base, '/api/products?sort=-score&limit=1');
    const { label } = (await ask(base, '/api/clusters')).find((c) => c.id === product.cluster);
    const page = await open();
    await page.view('browse');
    const chip = page.locator('.results .card .group').first();
    await page.waitForFunction((text) => document.querySelector('.card .group').textContent === text, `Group: ${label}`);
    assert.match(await chip.getAttribute('title'), /^Compared with the other groups: /);
    await page.view('models');
    assert.doesNotMatch(await page.locator('.models-body').textContent(), /middle product/);
    await page.view('map');
    await page.locator('.plot').focus();
    await page.keyboard.press('Home');
    assert.match(await page.locator('.plot-tip').textContent(), /Group: /);
  },

  'words: percentiles claim no more than is known': async ({ open }) => {
    const page = await open();
    await page.goto(`${page.base}/`);
    const got = await page.evaluate(async () => {
      const { within } = await import('/page/status.js');
      const of = (...counts) => [5e-5, 1e-4, 1, Infinity].map((bound, i) => [bound, counts[i]]);
      return [
        within([], 0.5),
        within(of(19, 19, 19, 19), 0.5),
        within(of(20, 20, 20, 20), 0.5),
        within(of(10, 100, 100, 100), 0.5),
        within(of(10, 20, 20, 100), 0.99),
      ];
    });
    assert.deepEqual(got, ['–', '–', '< 50 µs', '72 µs', '> 1.0 s']);
    await page.view('status');
    const cells = await page
      .locator('[aria-label="Requests by address"] tbody tr')
      .evaluateAll((rows) => rows.map((tr) => [...tr.children].map((cell) => cell.textContent)));
    for (const [name, requests, , , half] of cells)
      if (Number(requests.replaceAll(',', '')) < 20) assert.equal(half, '–', name);
  },
};
