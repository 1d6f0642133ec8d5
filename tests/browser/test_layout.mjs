// Where things stand: nothing is cut, nothing meets what is beside it, what belongs together is seen to.

import assert from 'node:assert/strict';
import { overflow, screenshot, settled } from './browser.mjs';

const NARROW = { viewport: { width: 320, height: 640 } };
const PHONE = { viewport: { width: 390, height: 844 } };
const LAPTOP = { viewport: { width: 1280, height: 800 } };

const boxes = (page, selector) =>
  page.locator(selector).evaluateAll((nodes) =>
    nodes.map((node) => {
      const { left, right, top, bottom } = node.getBoundingClientRect();
      return { text: node.textContent, left, right, top, bottom };
    }),
  );

export const tests = {
  'layout: the list price is whole in every card, and cards keep one form': async ({ open }) => {
    for (const options of [NARROW, PHONE, LAPTOP, { viewport: { width: 1440, height: 900 } }]) {
      const page = await open(options);
      await page.view('browse?sort=-price'); // the longest prices
      const { width } = options.viewport;
      const cut = await page.locator('.cards .prices').evaluateAll((all) =>
        all
          .filter((row) => {
            const box = row.getBoundingClientRect();
            return [...row.querySelectorAll('b, s, .discount')].some(
              (part) => part.scrollWidth > part.clientWidth + 1 || part.getBoundingClientRect().right > box.right + 1,
            );
          })
          .map((row) => row.textContent),
      );
      assert.deepEqual(cut, [], `at ${width} px`);
      const rows = await boxes(page, '.cards .prices');
      assert.equal(new Set(rows.map((r) => Math.round(r.bottom - r.top))).size, 1, `one height at ${width} px`);
      await screenshot(page, `prices-${width}`);
    }
  },

  'layout: no view scrolls sideways at 320 pixels': async ({ open, base }) => {
    const [{ product_id: id }] = await (await fetch(`${base}/api/products?category=&limit=1`)).json();
    const page = await open(NARROW);
    page.expectProblem(/404/);
    for (const view of [
      'browse',
      'search?q=cable',
      'search?q=qqqzzzxxwwvv',
      'price?target=500',
      'price?target=1000000',
      `product?id=${id}`,
      'models?q=cable',
      'map',
      'status',
    ]) {
      await page.view(view);
      assert.ok((await overflow(page)) <= 0, `${view} is ${await overflow(page)} px too wide`);
    }
    const links = await boxes(page, '.nav a');
    for (const link of links) assert.ok(link.left >= 0 && link.right <= 320, `${link.text} is in sight`);
  },

  'layout: an open branch of the tree stands a step in, and the filters stay in sight': async ({ open }) => {
    const page = await open(LAPTOP);
    await page.view('browse');
    await page.locator('.tree-toggle').first().click();
    const left = (selector) =>
      page
        .locator(selector)
        .first()
        .evaluate((node) => node.getBoundingClientRect().left);
    const step = (await left('.tree ul:not([hidden]) a span')) - (await left('.tree > li > .tree-row a span'));
    assert.ok(step >= 10, `a part of a category stands ${step} px further in`);
    for (const control of await boxes(page, '.filters :is(input, select)'))
      assert.ok(control.bottom <= 800, 'the filters are in sight');
    await screenshot(page, 'tree');
    await page.getByLabel('Stars').selectOption('4');
    await page.waitForURL(/min_rating/);
    await settled(page);
    const [clear] = await boxes(page, '.side-head button');
    assert.ok(clear.bottom > clear.top && clear.bottom <= 800, 'so is the way to clear them');
  },

  'layout: the name of the upright axis keeps clear of its ticks': async ({ open }) => {
    for (const options of [NARROW, PHONE, LAPTOP]) {
      const page = await open(options);
      for (const view of ['map', 'map?axes=pc']) {
        await page.view(view);
        const ticks = await boxes(page, '.axes [text-anchor=end]');
        const [name] = (await boxes(page, '.axes .axis')).slice(-1);
        const above = ticks.every((tick) => name.bottom <= tick.top);
        const beside = ticks.every((tick) => name.right + 4 <= tick.left);
        assert.ok(ticks.length > 1 && (above || beside), `${name.text} at ${options.viewport.width} px`);
      }
    }
  },
};
