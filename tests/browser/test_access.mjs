// For everyone: no serious finding of axe-core in any view, and all of it by keyboard alone.

import assert from 'node:assert/strict';
import { axeFindings, settled } from './browser.mjs';

const VIEWS = [
  'browse',
  'browse?category=&min_rating=4',
  'search?q=cable',
  'price?target=500',
  'models?q=cable',
  'map',
  'status',
];

async function everyView(open, options, extra = []) {
  const page = await open(options);
  for (const view of [...VIEWS, ...extra]) {
    await page.view(view);
    if (view.startsWith('models')) await page.waitForSelector('.compare-body .columns, .compare-body .message');
    assert.deepEqual(await axeFindings(page), [], view);
    assert.equal(await page.locator('h1').count(), 1, `${view} has one main heading`);
  }
  return page;
}

/** Presses Tab until `found` holds for the focused element; fails after `most` presses. */
async function tabTo(page, found, most = 80) {
  for (let i = 0; i < most; i++) {
    if (await page.evaluate(found)) return i;
    await page.keyboard.press('Tab');
  }
  throw new Error(`not reached in ${most} tabs: ${found}`);
}

export const tests = {
  'access: axe finds nothing serious, light': async ({ open }) => {
    await everyView(open, {});
  },
  'access: axe finds nothing serious, dark': async ({ open }) => {
    await everyView(open, { colorScheme: 'dark' });
  },
  'access: axe finds nothing serious, phone': async ({ open }) => {
    await everyView(open, { viewport: { width: 360, height: 740 } });
  },

  'access: axe finds nothing serious on a product and on a miss': async ({ open }) => {
    const page = await open();
    page.expectProblem(/404/);
    await page.view('browse');
    await page.locator('.results .card-name a').first().click();
    await page.waitForURL(/#product/);
    await settled(page);
    assert.deepEqual(await axeFindings(page), []);
    for (const view of ['search?q=qqqzzzxxwwvv', 'product?id=no-such-product', 'browse?min_price=99999999']) {
      await page.view(view);
      assert.deepEqual(await axeFindings(page), [], view);
    }
  },

  'access: keyboard alone: skip link, search, product, back, more': async ({ open }) => {
    const page = await open();
    await page.view('browse');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    assert.equal(new URL(page.url()).hash, '#browse', 'the skip link leaves the address alone');
    await tabTo(page, () => document.activeElement.classList.contains('tree-toggle'));
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-expanded')), 'false');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-expanded')), 'true');
    await tabTo(page, () => document.activeElement.closest('.card-name') !== null);
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, 'solid', 'focus can be seen');
    await page.keyboard.press('Enter');
    await page.waitForURL(/#product/);
    await settled(page);
    await page.goBack();
    await page.waitForURL(/#browse/);
    await settled(page);
    await page.keyboard.press('/');
    await page.keyboard.type('cable');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=cable/);
    await settled(page);
    await tabTo(page, () => document.activeElement.closest('.results .card-name') !== null);
    await page.view('browse');
    await page.getByRole('button', { name: /^Show/ }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/n=/);
    assert.ok(
      await page.evaluate(() => document.activeElement.closest('.card-name') !== null),
      'the first new product has the focus',
    );
  },

  'access: a screen reader hears how many there are': async ({ open }) => {
    const page = await open();
    await page.view('price?target=500&tolerance=30');
    assert.match(await page.locator('#live').textContent(), /\d+ products?/);
    assert.equal(await page.locator('#live').getAttribute('aria-live'), 'polite');
  },

  'access: reduced motion is obeyed': async ({ open }) => {
    const page = await open({ reducedMotion: 'reduce' });
    await page.route('**/api/products?*', async (route) => {
      await new Promise((resolve) => {
        setTimeout(resolve, 500);
      });
      await route.continue();
    });
    await page.view('browse', { ready: false });
    await page.waitForSelector('.card.skeleton');
    assert.equal(
      await page
        .locator('.card.skeleton')
        .first()
        .evaluate((n) => getComputedStyle(n).animationName),
      'none',
    );
    await settled(page);
  },
};
