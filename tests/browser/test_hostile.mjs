// Product data is not trusted: markup, scripts, odd links and absurd lengths stay text and stay inside their boxes.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { axeFindings, overflow, screenshot } from './browser.mjs';
import { newFolder, serve, train } from './market.mjs';

const CSV = join(process.env.PASAR_SOURCE, 'tests/browser/hostile.csv');

export const tests = {
  'hostile: markup in product data stays text in every view': async ({ open }) => {
    const folder = newFolder();
    await train(folder, CSV, ['--k', '2']);
    const api = await serve(folder);
    const list = await (await fetch(`${api.base}/api/products?category=&limit=100`)).json();
    assert.ok(
      list.some((p) => p.name.includes('<script>')),
      'the data is as hostile as it should be',
    );
    assert.ok(list.some((p) => p.name.length > 9990));
    for (const viewport of [
      { width: 1280, height: 900 },
      { width: 360, height: 740 },
    ]) {
      const page = await open({ viewport }, api.base);
      page.expectProblem(/404/);
      const views = [
        'browse',
        'browse?category=%3Cb%3EBold%3C%2Fb%3E',
        'search?q=%3Cscript%3E',
        'price?target=500&tolerance=50',
        'models?q=script',
        'map',
        'status',
        ...list.map((p) => `product?${new URLSearchParams({ id: p.product_id })}`),
      ];
      for (const view of views) {
        await page.view(view);
        assert.equal(await page.evaluate(() => globalThis.hacked), undefined, `${view}: a script ran`);
        assert.equal(
          await page
            .locator('main script, main iframe, main [onerror], main [onload], main style, main b b, main marquee')
            .count(),
          0,
          view,
        );
        for (const href of await page.locator('main a').evaluateAll((as) => as.map((a) => a.href)))
          assert.match(href, /^https?:/, view);
        for (const src of await page.locator('main img').evaluateAll((is) => is.map((i) => i.src)))
          assert.match(src, /^https:/, view);
        assert.ok((await overflow(page)) <= 0, `${view} at ${viewport.width} is too wide`);
      }
      await page.view(`search?${new URLSearchParams({ q: 'مرخبا' })}`); // one letter off
      assert.match(await page.locator('.relaxed').textContent(), /مرخبا.*مرحبا/);
      await page.view('product?id=H12'); // a name that turns the direction of text and never turns it back
      assert.equal(await page.locator('h1').evaluate((h) => getComputedStyle(h).unicodeBidi), 'isolate');
      assert.doesNotMatch(await page.title(), /[\u202a-\u202e\u2066-\u2069]/);
      await page.view('browse');
      const ends = await page.locator('.results .card-name a').evaluateAll((as) => as.map((a) => getComputedStyle(a).unicodeBidi));
      assert.ok(ends.every((value) => value === 'isolate'));
      await screenshot(page, `hostile-${viewport.width}`);
      assert.deepEqual(await axeFindings(page), []);
      const seen = await page.locator('.results .card-name a').allTextContents();
      assert.deepEqual([...seen].sort(), list.map((p) => p.name || p.product_id).sort());
    }
    await api.stop();
  },
};
