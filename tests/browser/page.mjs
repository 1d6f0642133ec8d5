// Runs the browser tests one after the other and says which passed. A test file exports `tests`:
// {name: async (world) => …}; a test fails by throwing, or when a page it opened reported a problem.

import { launch, open } from './browser.mjs';
import { cleanUp, missingProgram, newFolder, serve, train } from './market.mjs';
import { join } from 'node:path';
import * as formats from './test_formats.mjs';
import * as views from './test_views.mjs';
import * as map from './test_map.mjs';
import * as figures from './test_figures.mjs';
import * as states from './test_states.mjs';
import * as access from './test_access.mjs';
import * as history from './test_history.mjs';
import * as hostile from './test_hostile.mjs';
import * as layout from './test_layout.mjs';
import * as words from './test_words.mjs';

const given = process.env.PASAR_PAGE_URL;
const pattern = new RegExp(process.argv[2] ?? '');
const skipped = given ? null : missingProgram();
if (skipped) {
  console.log(`SKIP browser.page: ${skipped} is not built`);
  process.exit(77);
}

const started = Date.now();
const browser = await launch();
let failures = 0;
let api = null;
let count = 0;
try {
  const world = { browser, base: given, folder: null, sample: join(process.env.PASAR_SOURCE, 'data/sample.csv') };
  if (!given) {
    world.folder = newFolder();
    await train(world.folder, world.sample);
    api = await serve(world.folder);
    world.base = api.base;
    console.log(`# market ready after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
  const all = {
    ...formats.tests,
    ...views.tests,
    ...map.tests,
    ...layout.tests,
    ...words.tests,
    ...figures.tests,
    ...access.tests,
    ...history.tests,
    ...states.tests,
    ...(given ? {} : { ...figures.serverTests, ...states.serverTests, ...hostile.tests }),
  };
  for (const [name, test] of Object.entries(all)) {
    if (!pattern.test(name)) continue;
    const pages = [];
    const at = Date.now();
    count += 1;
    try {
      await test({
        ...world,
        open: async (options, base = world.base) => {
          const page = await open(browser, base, options);
          pages.push(page);
          return page;
        },
      });
      const problems = pages.flatMap((page) => page.problems);
      if (problems.length) throw new Error(`the page reported:\n${[...new Set(problems)].slice(0, 10).join('\n')}`);
      console.log(`ok   ${name} (${Date.now() - at} ms)`);
    } catch (error) {
      failures += 1;
      console.log(`FAIL ${name}\n     ${String(error.stack ?? error).replaceAll('\n', '\n     ')}`);
    }
    for (const page of pages) await page.context().close();
  }
  await api?.stop();
} finally {
  await browser.close();
  await cleanUp();
}
console.log(`# ${count - failures} of ${count} passed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
process.exitCode = failures || count === 0 ? 1 : 0;
