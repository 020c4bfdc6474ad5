/** report.html in a real browser. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { Result } from '../src/results/result-file.ts';
import { refused, told } from '../test/report/reported.ts';
import { open } from './browser.ts';
import { fullMatrix, reportOf } from './matrix.ts';

const { dir, page: file } = reportOf(fullMatrix());
const { trials } = Result.parse(JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8')));

const THEMES = ['light', 'dark'] as const;

test('opens without errors and requests only itself', async () => {
  const { page, messages, requests } = await open(file);
  await page.waitForLoadState('networkidle');
  assert.deepEqual(messages, []);
  assert.deepEqual(
    requests.filter((url) => !url.startsWith('data:')),
    [`file://${file}`],
  );
});

test('shows the numbers of result.json', async () => {
  const { page } = await open(file);
  assert.equal(await page.locator('.matrix .figure').count(), trials.length);
  for (const { variant, runtime, failed, exposed, causes } of trials) {
    const id = `${variant}-${runtime}`;
    const cell = page.locator('td', { has: page.locator(`a[href="#${id}"]`) });
    const number = await cell.locator('.figure').evaluate((link) => link.firstChild?.textContent);
    assert.equal(number, failed.toLocaleString('en-US'), id);
    const listed = (await cell.locator('li').allTextContents()).join(' ');
    for (const count of Object.values(causes)) if (count > 0) assert.match(listed, new RegExp(`\\b${count}\\b`), id);
    const section = page.locator('section.cell', { has: page.locator(`#${id}`) });
    const verdict = (await section.locator('.verdict').textContent()) ?? '';
    assert.match(verdict, new RegExp(`^${failed} broken`), id);
    assert.ok(verdict.includes(exposed.toLocaleString('en-US')), `${id}: ${verdict}`);
    const marks = await section
      .locator('.timeline path[class^="c-"]')
      .evaluateAll((paths) =>
        paths.reduce((sum, path) => sum + (path.getAttribute('d') ?? '').split('z').length - 1, 0),
      );
    assert.equal(marks, failed, `${id}: a mark for each`);
  }
});

describe('with the keyboard alone', () => {
  test('each cell can be reached and leads to its trial', async () => {
    const { page } = await open(file);
    const links: string[] = [];
    for (let presses = 0; links.length < trials.length && presses < 60; presses++) {
      await page.keyboard.press('Tab');
      const href = await page.evaluate(() => document.activeElement?.getAttribute('href'));
      if (href) links.push(href);
    }
    assert.equal(new Set(links).size, trials.length);
    assert.equal(links[0], '#broken-node');
    await page.keyboard.press('Enter');
    const target = page.locator(decodeURIComponent(new URL(page.url()).hash));
    assert.equal(new URL(page.url()).hash, links.at(-1));
    await target.waitFor();
    const box = await target.boundingBox();
    assert.ok(box && box.y >= 0 && box.y < 900, JSON.stringify(box));
  });

  test('a focused pod shows its times, and tables can be opened', async () => {
    const { page } = await open(file);
    const section = page.locator('section.cell', { has: page.locator('#valid-node') });
    const lane = section.locator('.lane').first();
    const times = lane.locator('.times');
    const opacity = () => times.evaluate((element) => getComputedStyle(element).opacity);
    assert.equal(await opacity(), '0');
    await section.locator('.scroll').first().focus();
    await page.keyboard.press('Tab');
    assert.ok(await lane.evaluate((element) => element === document.activeElement));
    assert.equal(await opacity(), '1');
    assert.match((await times.textContent()) ?? '', /^old-1: .*SIGTERM 5\.00/);
    const fold = section.locator('details').first();
    await fold.locator('summary').focus();
    await page.keyboard.press('Enter');
    assert.ok(await fold.evaluate((element) => (element as HTMLDetailsElement).open));
  });
});

describe('for everyone', () => {
  for (const colorScheme of THEMES) {
    test(`${colorScheme}: axe finds no violations`, async () => {
      const { page } = await open(file, { colorScheme });
      await page.evaluate(() => {
        for (const fold of document.querySelectorAll('details')) fold.open = true;
      });
      const found = await axe(page);
      const told = found.violations.map(
        ({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary}`,
      );
      assert.deepEqual(told, []);
      assert.ok(found.passes.some(({ id }) => id === 'color-contrast'));
    });
  }

  test('light and dark themes differ', async () => {
    const backgrounds = await Promise.all(
      THEMES.map(async (colorScheme) => {
        const { page } = await open(file, { colorScheme });
        return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      }),
    );
    assert.deepEqual(backgrounds, ['rgb(255, 255, 255)', 'rgb(20, 23, 28)']);
  });

  test('without JavaScript the page is complete', async () => {
    const { page } = await open(file, { javaScriptEnabled: false });
    assert.ok(await page.locator('.matrix').isVisible());
    await page.locator('a[href="#without-pre-stop-bun"]').click();
    await page
      .locator('section.cell', { has: page.locator('#without-pre-stop-bun') })
      .locator('.timeline')
      .waitFor();
    await page.locator('#without-pre-stop-bun ~ .folds summary').first().click();
    assert.match(
      (await page.locator('#without-pre-stop-bun ~ .folds details[open]').textContent()) ?? '',
      /ECONNREFUSED/,
    );
  });

  for (const width of [400, 1200]) {
    test(`${width} px wide, the page does not scroll sideways`, async () => {
      const { page } = await open(file, { viewport: { width, height: 900 } });
      assert.deepEqual(
        await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]),
        [width, width],
      );
    });
  }
});

test('shows everything in a trace as text', async () => {
  const { page } = await open(file);
  await page.locator('#broken-node ~ .folds summary').first().click();
  assert.match(
    (await page.locator('#broken-node ~ .folds details[open]').textContent()) ?? '',
    /<b>1050<\/b> & "more"/,
  );
});

test('opens with 10,000 broken requests, and says what a mark stands for', async () => {
  const large = reportOf([told({ variant: 'broken' }, { load: { failures: refused(10_000, 2000) } })]);
  const { page } = await open(large.page);
  assert.match(
    (await page.locator('figcaption').textContent()) ?? '',
    /Each mark stands for up to \d+ broken requests/,
  );
  assert.ok(readFileSync(large.page).length < 200_000);
});

/** Every rule that axe has, best practices included. */
async function axe(page: Page): Promise<AxeResults> {
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  return page.evaluate(() => (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run());
}
