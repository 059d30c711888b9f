import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../browser.ts';
import { startServer, temporaryFolder, type RunningServer } from '../server.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: RunningServer;
let browser: Browser;

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startServer({ dataDir: folder.path, env: { HOST_METRICS: 'on' } });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  await folder.remove();
});

test.each(['light', 'dark'] as const)(
  'the start page lives within five seconds, without a complaint: %s',
  async (colorScheme) => {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1_200, height: 900 } });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${server.url}/`);
    const rowsOf = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('quantumflux-chart')].map(
          (chart) => chart.shadowRoot?.querySelectorAll('tbody tr').length ?? 0,
        ),
      );
    await page.waitForFunction(
      () => {
        const charts = [...document.querySelectorAll('quantumflux-chart')];
        return (
          charts.length > 3 &&
          charts.every((chart) => (chart.shadowRoot?.querySelectorAll('tbody tr').length ?? 0) >= 2)
        );
      },
      undefined,
      { timeout: 5_000 },
    );
    const before = await rowsOf();
    expect(before.length).toBeGreaterThan(3);
    const picture = await page.locator('quantumflux-chart canvas').first().screenshot();
    await expect
      .poll(async () => (await page.locator('quantumflux-chart canvas').first().screenshot()).equals(picture), {
        timeout: 5_000,
      })
      .toBe(false);

    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`),
    ).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  },
);

test('nothing jumps while the page comes alive', async () => {
  const page = await browser.newPage({ viewport: { width: 1_200, height: 900 } });
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(globalThis, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push((entry as PerformanceEntry & { value: number }).value);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(`${server.url}/`);
  await page.waitForFunction(
    () => (document.querySelector('quantumflux-chart')?.shadowRoot?.querySelectorAll('tbody tr').length ?? 0) >= 3,
  );
  const shifts = await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts);
  expect(shifts.reduce((sum, each) => sum + each, 0)).toBeLessThan(0.01);
  await page.close();
});
