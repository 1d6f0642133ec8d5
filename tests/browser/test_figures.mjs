// Figures that the page takes from the server: the spread of prices, what more data changed, where rows come from.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { overflow, screenshot, settled } from './browser.mjs';
import { makeUp, newFolder, serve, train } from './market.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

const ask = async (base, path) => (await fetch(base + path)).json();
const whole = (n) => n.toLocaleString('en-IN');
const rowsOf = (page, label) =>
  page
    .locator(`[aria-label="${label}"] tbody tr`)
    .evaluateAll((trs) => trs.map((tr) => [...tr.children].map((cell) => cell.textContent.trim())));
const targetOf = (page) => new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('target');
const heights = (page) =>
  page.locator('.price-chart rect').evaluateAll((bars) => bars.map((b) => Number(b.getAttribute('height'))));

function assertBatch(text, batch) {
  const { file, row, rows, topic, partition, offset, sha256 } = batch;
  assert.ok(text.includes(`${file}, row ${whole(row)} of ${whole(rows)}`), text);
  assert.ok(text.includes(`${topic}, partition ${partition}, offset ${whole(offset)}`), text);
  assert.ok(text.includes(sha256), text);
}

export const tests = {
  'price: the bars and both ends are those of all products': async ({ open, base }) => {
    const { low, high, counts } = await ask(base, '/api/prices');
    const page = await open();
    await page.view('price?target=500');
    await page.waitForSelector('.price-chart rect');
    const shown = await heights(page);
    const most = Math.max(...counts);
    assert.deepEqual(
      shown.map((h) => h.toFixed(3)),
      counts.map((n) => (n === 0 ? 0 : 4 + (96 * n) / most).toFixed(3)),
    );
    const ends = await page.locator('.price-ends').textContent();
    assert.ok(ends.includes(`₹${whole(low)}`) && ends.includes(`₹${whole(high)}`), ends);
    const slider = page.getByLabel('Target price');
    for (const [key, price] of [
      ['Home', low],
      ['End', high],
    ]) {
      await slider.focus();
      await page.keyboard.press(key);
      await page.waitForURL((url) => Math.abs(new URLSearchParams(url.hash.split('?')[1]).get('target') / price - 1) < 0.05);
      await settled(page);
      const texts = await page.locator('.results .price').allTextContents();
      assert.ok(
        texts.some((t) => Number(t.replace(/[^\d.]/g, '')) === price),
        `${price} in ${texts}`,
      );
    }
  },

  'price: the bars come when the server does': async ({ open }) => {
    const page = await open();
    page.expectProblem(/ERR_FAILED/);
    let down = true;
    await page.route(/\/api\/prices/, (route) => (down ? route.abort() : route.continue()));
    await page.view('price?target=500');
    assert.equal(await page.locator('.price-chart rect').count(), 0);
    assert.ok(await page.getByLabel('Target price').isVisible(), 'the slider works without');
    down = false;
    await page.waitForSelector('.price-chart rect', { timeout: 8000 });
    assert.notEqual(await page.locator('.price-ends').textContent(), '');
  },

  'price: Back undoes what was done with one hold of the slider': async ({ open }) => {
    const page = await open();
    await page.view('price?target=500');
    await page.getByLabel('Target price').focus();
    for (let i = 0; i < 3; i++) {
      await page.keyboard.press('ArrowRight');
      await page.waitForTimeout(250);
    }
    assert.ok(Number(targetOf(page)) > 500);
    await page.goBack();
    await settled(page);
    assert.equal(targetOf(page), '500');
    assert.equal(await page.getByLabel('Exactly').inputValue(), '500');
  },

  'price: a small target is not rounded away, a wide tolerance fits its slider': async ({ open }) => {
    const page = await open();
    page.expectProblem(/404/);
    await page.view('price?target=0.5&tolerance=100');
    assert.equal(await page.locator('.price-range').textContent(), '₹0 to ₹1');
    assert.equal(await page.getByLabel('Give or take').inputValue(), '100');
    await page.view('price?target=0.5&tolerance=10');
    assert.equal(await page.locator('.price-range').textContent(), '₹0.45 to ₹0.55');
  },

  'models: how far the groups held, as the trainer measured it': async ({ open, base }) => {
    const models = await ask(base, '/api/models');
    const pairs = models.flatMap((m) => m.agreement.map((a) => [m, a]));
    assert.equal(pairs.length, 3);
    const page = await open();
    await page.view('models');
    const rows = await rowsOf(page, 'Agreement between models');
    assert.equal(rows.length, 3);
    pairs.forEach(([m, a], i) => {
      assert.equal(rows[i][0], `From model ${a.model} to ${m.model}`);
      assert.ok(rows[i][1].startsWith(`${whole(a.changed_rows)} of ${whole(a.rows)} `), rows[i][1]);
      assert.equal(rows[i][2], a.adjusted_rand.toFixed(3));
      const most = Math.max(...a.centroid_moves);
      const { label } = m.clusters[a.centroid_moves.indexOf(most)];
      assert.ok(rows[i][3].toLowerCase().startsWith(label.toLowerCase()), rows[i][3]);
      assert.ok(rows[i][3].includes(most.toFixed(2)), rows[i][3]);
      assert.match(rows[i][4], /groups$/);
    });
    const inertia = (await rowsOf(page, 'How good the grouping is, by model')).find((r) => r[0].startsWith('Inertia'));
    assert.match(inertia.at(-1), /with more data|about the same/);
  },

  'models: on a phone every value stands under its name, nothing is cut': async ({ open }) => {
    const page = await open(PHONE);
    for (const view of ['models', 'status']) {
      await page.view(view);
      assert.ok((await overflow(page)) <= 0);
      const wrong = await page.evaluate(() => {
        const bad = [...document.querySelectorAll('.scroll')].filter((s) => s.scrollWidth > s.clientWidth);
        const cells = [...document.querySelectorAll('td')].filter(
          (td) => !td.dataset.label || !getComputedStyle(td, '::before').content.includes(td.dataset.label),
        );
        return [...bad, ...cells].map((n) => n.outerHTML.slice(0, 80));
      });
      assert.deepEqual(wrong, []);
      assert.ok((await page.locator('td').count()) > 10);
    }
    await page.view('models');
    const verdict = await page.locator('td[data-label="In short"]').first().boundingBox();
    assert.ok(verdict.x >= 0 && verdict.x + verdict.width <= 360);
  },

  'product: where its record comes from, and as which model sees it': async ({ open, base }) => {
    const [{ product_id: id }] = await ask(base, '/api/products?model=1&limit=1');
    const line = await ask(base, `/api/models/1/lineage?product_id=${encodeURIComponent(id)}`);
    const page = await open();
    await page.view(`product?${new URLSearchParams({ id, model: 1 })}`);
    assert.match(await page.locator('.product-body').textContent(), /as model 1 sees it/);
    await page.getByText('Where this record comes from').click();
    await page.waitForSelector('.origin table');
    const text = await page.locator('.origin').textContent();
    assert.ok(text.includes(`row ${whole(line.row)} of ${whole(line.rows)} rows of model 1`), text);
    assert.ok(text.toLowerCase().includes(`${line.label.toLowerCase()}, ${line.distance.toFixed(2)} standard`), text);
    assertBatch(text, line.batch);
    const sources = await rowsOf(page, 'Sources');
    assert.equal(sources.length, line.sources.length);
    for (const [i, s] of line.sources.entries()) {
      assert.equal(sources[i][0], `${s.topic}, partition ${s.partition}`);
      assert.equal(sources[i][2], whole(s.rows));
    }
    await page.view(`product?${new URLSearchParams({ id })}`);
    assert.doesNotMatch(await page.locator('.product-body').textContent(), /sees it/);
  },

  'product: one that is not there names the tab, too': async ({ open }) => {
    const page = await open();
    page.expectProblem(/404/);
    await page.view('product?id=no-such-product');
    assert.equal(await page.title(), 'No such product · Pasar');
    assert.match(await page.locator('.message p').first().textContent(), /^[A-Z]/);
  },

  'status: sources with their offsets; its own questions are not counted': async ({ open, base }) => {
    const ready = await ask(base, '/readyz');
    const page = await open();
    await page.view('status');
    const rows = await rowsOf(page, 'Sources');
    assert.deepEqual(
      rows,
      ready.sources.map((s) => [
        `${s.topic}, partition ${s.partition}`,
        `${whole(s.first_offset)} to ${whole(s.last_offset)}`,
        whole(s.rows),
        whole(s.files),
      ]),
    );
    const tiles = await page.locator('.tiles').textContent();
    assert.ok(tiles.includes(`${whole(ready.rows)} rows`) && tiles.includes(`${whole(ready.products)} different`), tiles);
    // Nobody else asks anything: after the page itself has come, the rate is 0 however often this view polls.
    await page.waitForFunction(() => document.querySelector('.tiles').textContent.includes('0.0 /s'), null, {
      timeout: 15000,
    });
    await page.locator('[aria-label="Sources"]').focus();
    assert.match(await page.locator('.lead').textContent(), /Paused/);
    await page.locator('h1').focus();
    await page.waitForFunction(() => /Refreshed every/.test(document.querySelector('.lead').textContent));
    await screenshot(page, 'status-sources');
  },

  'page: the models are asked for once': async ({ open, base }) => {
    const page = await open();
    const asked = [];
    page.on('request', (r) => {
      if (r.url() === `${base}/api/models`) asked.push(r.url());
    });
    await page.view('browse');
    await page.waitForFunction(() => document.getElementById('foot-generation').textContent.includes('trained'));
    assert.equal(asked.length, 1);
  },
};

/** Those that need a market of their own. */
export const serverTests = {
  'product: the batch file, the row in it and the offset': async ({ open }) => {
    const folder = newFolder();
    await train(folder, join(process.env.PASAR_SOURCE, 'tests/browser/hostile.csv'), ['--k', '2'], 2);
    const api = await serve(folder);
    const [{ product_id: id }] = await ask(api.base, '/api/products?limit=1');
    const { batch } = await ask(api.base, `/api/models/3/lineage?product_id=${encodeURIComponent(id)}`);
    assert.ok(batch);
    const page = await open({}, api.base);
    await page.view(`product?${new URLSearchParams({ id })}`);
    await page.getByText('Where this record comes from').click();
    await page.waitForSelector('.origin table');
    const text = await page.locator('.origin').textContent();
    assertBatch(text, batch);
    assert.equal(batch.offset, batch.first_offset + batch.row - 1);
    await page.context().close();
    await api.stop();
  },

  'figures: what a generation does not tell is left out': async ({ open }) => {
    const folder = newFolder();
    await makeUp(folder);
    const api = await serve(folder);
    const page = await open({}, api.base);
    await page.view('map?axes=pc');
    assert.deepEqual(await page.locator('.plot .axis').allTextContents(), ['Price', 'Votes']);
    assert.ok(await page.getByLabel(/Where products differ/).isDisabled());
    assert.ok(await page.getByLabel(/Price and votes/).isChecked());
    await page.view('models');
    assert.doesNotMatch(await page.locator('.models-body').textContent(), /Did the groups hold/);
    await page.view('status');
    assert.match(await page.locator('.status-body').textContent(), /batch files do not tell/);
    const [{ product_id: id }] = await ask(api.base, '/api/products?limit=1');
    await page.view(`product?${new URLSearchParams({ id })}`);
    await page.getByText('Where this record comes from').click();
    await page.getByText('not on record, since an older trainer wrote this generation').waitFor();
    await page.context().close();
    await api.stop();
  },
};
