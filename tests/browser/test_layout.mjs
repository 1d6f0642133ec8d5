// Where things stand: nothing is cut, nothing meets what is beside it, what belongs together is seen to.

import assert from 'node:assert/strict';
import { screenshot } from './browser.mjs';

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
};
