// Where one is and where Back leads: addresses, scroll positions, the search box, answers that come late.

import assert from 'node:assert/strict';
import { settled } from './browser.mjs';

const hash = (page) => page.evaluate(() => location.hash);

/** Holds back the API's answers that match until release() is called. */
async function hold(page, pattern) {
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  await page.route(pattern, async (route) => {
    await released;
    await route.continue().catch(() => {}); // the page may have given it up
  });
  return release;
}

export const tests = {
  'history: more products that come late do not touch another view': async ({ open }) => {
    const page = await open();
    await page.view('browse?category=Electronics');
    const release = await hold(page, /offset=24/);
    await page.locator('.more').click();
    await page.getByRole('link', { name: 'Map', exact: true }).click();
    await settled(page);
    release();
    await page.waitForTimeout(300);
    assert.equal(await hash(page), '#map');

    await page.view('browse?category=Electronics');
    const again = await hold(page, /offset=24/);
    await page.locator('.more').click();
    await page.locator('.tree a', { hasText: 'Office' }).click();
    await page.waitForFunction(() => /category=Office/.test(location.hash));
    await settled(page);
    again();
    await page.waitForTimeout(300);
    assert.doesNotMatch(await hash(page), /n=/);
    assert.equal(await page.locator('.results .card').count(), 24);
  },

  'history: a new list starts at its top, Back returns to the place that was left': async ({ open }) => {
    const page = await open();
    await page.view('browse?n=96');
    await page.evaluate(() => scrollTo(0, 3000));
    await page.locator('.tree a', { hasText: 'Office' }).click();
    await page.waitForFunction(() => /category=Office/.test(location.hash));
    await settled(page);
    const top = await page.evaluate(() => document.querySelector('main h1').getBoundingClientRect().top);
    assert.ok(top >= 0, `the heading is ${-top} px above the window`);
    await page.goBack();
    await settled(page);
    await page.waitForFunction(() => Math.abs(scrollY - 3000) < 150);

    // Cards get their true height as they come near, which may move the place a little.
    await page.evaluate(() => scrollTo(0, 900)); // and gone at once, without a pause
    await page.locator('.nav a', { hasText: 'Models' }).evaluate((a) => a.click());
    await page.waitForSelector('.view-models h1');
    await settled(page);
    await page.goBack();
    await settled(page);
    await page.waitForFunction(() => Math.abs(scrollY - 900) < 150);
    await page.reload();
    await settled(page);
    await page.waitForFunction(() => Math.abs(scrollY - 900) < 150);
  },

  'history: Back undoes a filter, then the order, then the view': async ({ open }) => {
    const page = await open();
    await page.view('map');
    await page.getByRole('link', { name: 'Browse' }).click();
    await settled(page);
    await page.getByLabel('Stars').selectOption('4');
    await settled(page);
    await page.getByLabel('Sort by').selectOption('price');
    await settled(page);
    await page.getByLabel('Lowest price').pressSequentially('1500', { delay: 20 });
    await page.waitForURL(/min_price=1500/);
    for (const [want, stars, sort] of [
      [/min_rating=4(?!.*min_price)/, '4', 'price'],
      [/min_rating=4$/, '4', ''],
      [/#browse$/, '', ''],
    ]) {
      await page.goBack();
      await page.waitForURL(want);
      await settled(page);
      assert.equal(await page.getByLabel('Stars').inputValue(), stars);
      assert.equal(await page.getByLabel('Sort by').inputValue(), sort);
    }
    await page.goBack();
    await page.waitForURL(/#map$/);
  },

  'history: the search box says what is shown': async ({ open }) => {
    const page = await open();
    await page.view('browse');
    const box = page.getByRole('searchbox');
    await box.fill('cable');
    await page.waitForURL(/q=cable/);
    await settled(page);
    await page.goBack();
    await page.waitForURL(/#browse$/);
    assert.equal(await box.inputValue(), '');
    await page.goForward();
    await page.waitForURL(/q=cable/);
    assert.equal(await box.inputValue(), 'cable');
  },

  'history: a search that was not begun is not begun after leaving': async ({ open }) => {
    const page = await open();
    await page.view('browse');
    await page.evaluate(() => { // in one go, before the search can set off, however slow the machine
      const box = document.querySelector('input[type=search]');
      box.value = 'cable';
      box.dispatchEvent(new Event('input', { bubbles: true }));
      [...document.querySelectorAll('.nav a')].find((a) => a.textContent.includes('Map')).click();
    });
    await page.waitForTimeout(500);
    assert.equal(await hash(page), '#map');
  },

  'history: long lists do not hold up the page': async ({ open }) => {
    const page = await open();
    await page.view('browse?n=960');
    const nodes = await page.evaluate(() => document.querySelectorAll('.cards *').length / document.querySelectorAll('.cards > li').length);
    assert.ok(nodes < 36, `${nodes} nodes a card`);
  },
};
