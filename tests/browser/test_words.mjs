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
};
