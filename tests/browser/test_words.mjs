// What the page says: true, in words of shoppers and not of the API, prices as they are written in India.

import assert from 'node:assert/strict';
import { axeFindings, overflow, screenshot, settled } from './browser.mjs';

const ask = async (base, path) => (await fetch(base + path)).json();
const message = (page) => page.locator('.message:visible').innerText();

/** Answers like an API that finds nothing and has nothing to suggest. */
const findNothing = (page, path) =>
  page.route(path, (route) =>
    route.fulfill({
      status: 404,
      contentType: 'application/problem+json',
      body: JSON.stringify({ title: 'Not Found', status: 404, detail: 'nothing', error: 'nothing' }),
    }),
  );

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

  'words: prices that are crossed are said beside them and in place of the list, and not asked for': async ({ open }) => {
    const page = await open();
    const asked = [];
    page.on('request', (r) => asked.push(r.url()));
    await page.view('browse');
    const low = page.getByLabel('Lowest price');
    const high = page.getByLabel('Highest price');
    await high.fill('1000');
    await page.waitForURL(/max_price=1000/);
    await settled(page);
    await low.fill('150000');
    await page.waitForSelector('.results .message');
    assert.match(await message(page), /lowest price, ₹1,50,000, is above the highest, ₹1,000/);
    assert.equal(await page.locator('.results .card').count(), 0, 'no list that looks filtered');
    assert.equal(await page.locator('.summary').textContent(), '');
    for (const box of [low, high]) {
      assert.equal(await box.getAttribute('aria-invalid'), 'true');
      const note = page.locator(`#${await box.getAttribute('aria-describedby')}`);
      assert.match(await note.innerText(), /lowest is above the highest/);
    }
    assert.match(await page.locator('#live').textContent(), /is above the highest/);
    assert.deepEqual(await axeFindings(page), []);
    await screenshot(page, 'crossed');
    const other = await open();
    await other.goto(page.url());
    await settled(other);
    assert.equal(await message(other), await message(page), 'the address brings it back');
    await low.fill('');
    await page.waitForURL((url) => !url.hash.includes('min_price'));
    await settled(page);
    assert.ok((await page.locator('.results .card').count()) > 0);
    assert.equal(await low.getAttribute('aria-invalid'), null);
    assert.equal(await low.getAttribute('aria-describedby'), null);
    await other.getByRole('link', { name: '₹1,000 to ₹1,50,000' }).click();
    await other.waitForURL(/min_price=1000&max_price=150000/);
    await settled(other);
    assert.ok((await other.locator('.results .card').count()) > 0);
    assert.ok(!asked.some((url) => url.includes('min_price=150000')), 'the API is not asked');
  },

  'words: a price that nothing costs is written like the others': async ({ open }) => {
    const page = await open();
    page.expectProblem(/404/);
    await page.view('price?target=1000000');
    assert.match(await message(page), /No product costs ₹9,00,000 to ₹11,00,000\./);
    assert.equal(await page.locator('.summary').textContent(), '');
    assert.match(await page.locator('#live').textContent(), /₹9,00,000/);
    await page.route(/products_by_price/, (route) =>
      route.fulfill({
        contentType: 'application/json',
        headers: {
          'X-Pasar-Relaxed': 'no product costs 130000, give or take 10 percent: showing those within 30 percent',
        },
        body: '[]',
      }),
    );
    await page.view('price?target=130000');
    assert.equal(
      await page.locator('.relaxed').textContent(),
      'No product costs ₹1,17,000 to ₹1,43,000: shown is what lies within 30% of ₹1,30,000.',
    );
  },

  'words: an address that names nothing, or nothing that there is, says so without the API’s terms': async ({ open }) => {
    const page = await open();
    page.expectProblem(/40[04]/);
    for (const [view, text] of [
      ['product', /This address names no product/],
      ['product?id=no-such-product', /No product has the id “no-such-product”\./],
      ['product?id=no-such-product&model=1', /Model 1 knows no product with the id/],
      ['browse?min_price=cheap', /may have been cut or mistyped/],
      ['browse?min_price=99999999', /No product fits the filters/],
      ['search?q=qqqzzzxxwwvv', /Nothing resembles “qqqzzzxxwwvv”/],
    ]) {
      await page.view(view);
      assert.match(await message(page), text, view);
      assert.doesNotMatch(await message(page), /_|openapi|parameter|catalogue'/, view);
    }
    await page.view('product');
    assert.equal(await page.title(), 'No such product · Pasar');
    assert.equal(await page.locator('.results').isVisible(), false);
    await screenshot(page, 'no-product');
  },

  'words: a miss without suggestions still leads somewhere': async ({ open }) => {
    const page = await open({ viewport: { width: 390, height: 844 } });
    page.expectProblem(/404/);
    await findNothing(page, /\/api\/(products\?.*(nowhere|min_price)|similar_products|products_by_price)/);
    for (const [view, way] of [
      ['browse?category=nowhere', 'All products'],
      ['browse?min_price=7', 'Without filters'],
      ['search?q=qqqzzzxxwwvv', null], // the parts of the market
      ['price?target=500', undefined], // none, but advice
    ]) {
      await page.view(view);
      const ways = await page.locator('.message .suggestions a').allTextContents();
      if (way === undefined) {
        assert.deepEqual(ways, []);
        assert.match(await message(page), /another price may help/);
        assert.doesNotMatch(await message(page), /Try instead/);
      } else {
        assert.match(await message(page), /Try instead/);
        assert.ok(way === null ? ways.length > 1 : ways.includes(way), `${view}: ${ways}`);
      }
      assert.ok((await overflow(page)) <= 0);
      assert.deepEqual(await axeFindings(page), [], view);
      await screenshot(page, `miss-${view.split('?')[0]}`);
    }
    await page.view('browse?category=nowhere');
    assert.match(await message(page), /There is no category “nowhere”\./);
    await page.getByRole('link', { name: 'All products' }).last().click();
    await page.waitForURL((url) => url.hash === '#browse');
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
