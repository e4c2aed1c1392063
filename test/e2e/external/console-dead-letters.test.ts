import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SEED_LEAD_IDS } from '../../../src/c2s/sandbox/index.ts';
import { chromiumPath, launchChromium, openPage, overflow, seriousIssues, type Watched } from '../kit/browser.ts';
import { enrich, messagesOf, startEnriching, startScene } from '../kit/enrichment.ts';
import { startFacade, type TestFacade } from '../kit/facade.ts';
import { Opened } from '../kit/load.ts';
import { startPostgres } from '../kit/postgres.ts';
import { until } from '../kit/upstream.ts';

/** The console's page of dead letters, as an operator uses it, in a real Chromium. The tests build on one another. */

if (!chromiumPath) console.log('chromium is not installed: the console is not tested (apt-get install chromium)');

const [FIRST = '', SECOND = ''] = SEED_LEAD_IDS;
const opened = new Opened();
let scene: Awaited<ReturnType<typeof startScene>>;
let facade: TestFacade;
let browser: Browser;
let watched: Watched;
let page: Page;

const seen = (what: Locator): Promise<void> => what.first().waitFor({ state: 'visible', timeout: 8_000 });

describe.skipIf(!chromiumPath)('the page of dead letters', () => {
  beforeAll(async () => {
    const postgres = opened.keep(await startPostgres());
    scene = opened.keep(await startScene());
    const enrichment = { retry: { quick: ['20ms', '20ms'], slow: '1h', giveUp: '0ms' } };
    const databaseUrl = await postgres.createMigrated();
    facade = await startEnriching(scene.sandbox, { databaseUrl, enrichment });
    opened.keep({ close: async () => void (await facade.stop()) });
    scene.sandbox.workApi.standIn.faults.add({ path: '/api', status: 503 });
    for (const id of [FIRST, SECOND]) await enrich(facade, id);
    scene.sandbox.workApi.standIn.faults.clear();
    browser = await launchChromium();
    opened.keep({ close: () => browser.close() });
    watched = await openPage(browser, facade.adminUrl);
    ({ page } = watched);
  });
  afterAll(opened.closeAll);

  test('lists them with the reason, fits a telephone, and axe-core finds nothing serious', async () => {
    await page.goto(`${facade.adminUrl}/console/`);
    await page.getByRole('link', { name: 'Dead letters' }).click();
    await seen(page.getByRole('heading', { name: 'Dead letters', level: 1 }));
    await seen(page.locator('tr', { hasText: FIRST }).getByText('work_api_unavailable'));
    expect(await page.locator('tbody tr').count()).toBe(2);
    expect(await seriousIssues(page)).toEqual([]);
    await page.setViewportSize({ width: 375, height: 700 });
    expect(await overflow(page)).toBe(0);
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  test('one is tried again, and is gone from the list', async () => {
    await page.getByRole('button', { name: `Try again: lead ${FIRST}` }).click();
    await seen(page.getByRole('dialog').getByText('The lead is looked at first'));
    expect(await seriousIssues(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Try again' }).click();
    await page.locator('tr', { hasText: FIRST }).waitFor({ state: 'detached' });
    await until(() => messagesOf(scene.sandbox, FIRST).length === 1, 'the message arrived');
  });

  test('one is settled, and nothing is sent', async () => {
    await page.getByRole('button', { name: `Settle: lead ${SECOND}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Settle' }).click();
    await seen(page.getByText('No dead letters.'));
    expect(messagesOf(scene.sandbox, SECOND)).toEqual([]);
    expect(watched.faults).toEqual([]);
  });

  test('says why there are none where nothing is enriched', async () => {
    const other = await startFacade({ direct: scene.sandbox.c2s.url });
    opened.keep({ close: async () => void (await other.stop()) });
    await page.goto(`${other.adminUrl}/console/#/dead-letters`);
    await seen(page.getByText('Enrichment needs WORK_API_URL'));
  });
});
