import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, launchChromium, openPage, overflow, seriousIssues, type Watched } from '../kit/browser.ts';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade } from '../kit/facade.ts';
import { Opened } from '../kit/load.ts';
import { startUpstream, until } from '../kit/upstream.ts';

/** The console's page of unknown writes, as an operator uses it, in a real Chromium. The tests build on one another. */

if (!chromiumPath) console.log('chromium is not installed: the console is not tested (apt-get install chromium)');

const opened = new Opened();
let facade: TestFacade;
let browser: Browser;
let watched: Watched;
let page: Page;

const seen = (what: Locator): Promise<void> => what.first().waitFor({ state: 'visible', timeout: 8_000 });
const line = (text: string): Locator => page.locator('tbody tr', { hasText: text });

describe.skipIf(!chromiumPath)('the page of unknown writes', () => {
  beforeAll(async () => {
    const crm = opened.keep(
      await startUpstream((_, res) => {
        res.writeHead(200, { 'content-type': 'application/json' });
        res.end(JSON.stringify({ data: { attributes: { messages: [] } } }));
      }),
    );
    // Takes a request and dies: nobody knows whether it was carried out.
    const gateway = opened.keep(await startUpstream((_, res) => void res.destroy()));
    facade = opened.keep(
      await startFacade({
        direct: crm.url,
        gateway: gateway.url,
        edit: (config) => {
          config.setIn(['server', 'unknownWrites'], { notArrivedAfter: '300ms' });
          for (const id of ['leads.messages.create', 'leads.deal']) {
            setRoute(config, id, ['rollout', 'gateway'], 100);
            setRoute(config, id, ['breaker'], { enabled: false });
          }
          setRoute(config, 'leads.messages.create', ['verify', 'after'], '20ms');
        },
      }),
    );
    browser = await launchChromium();
    opened.keep({ close: () => browser.close() });
    watched = await openPage(browser, facade.adminUrl);
    ({ page } = watched);
  });
  afterAll(opened.closeAll);

  test('with nothing to show, it says what would stand there', async () => {
    await page.goto(`${facade.adminUrl}/console/`);
    await page.getByRole('link', { name: 'Unknown writes' }).click();
    await seen(page.getByRole('heading', { name: 'Unknown writes', level: 1 }));
    await seen(page.getByText('No unknown writes.'));
    expect(await page.title()).toBe('Unknown writes · c2s-facade');
  });

  test('lists each as it comes, with what was found, fits a telephone, and axe-core finds nothing serious', async () => {
    await write('/leads/42/messages', { message: 'Bom dia' });
    await write('/leads/43/done_deal', { value: 1 });
    await until(async () => (await states()).includes('not_arrived'), 'the message was looked for', 8_000);
    await seen(line('leads.messages.create').getByText('did not arrive (missing: message)'));
    await seen(line('leads.deal').getByText('cannot be told (no_rule)'));
    await seen(page.getByText(/^1 did not arrive, 1 cannot be told\. Kept in memory/));
    expect(await page.locator('tbody tr').count()).toBe(2);
    expect(await page.locator('main').innerText()).not.toContain('Bom dia');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousIssues(page)).toEqual([]);
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 375, height: 700 });
    expect(await overflow(page)).toBe(0);
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  test('one is settled: the list says by whom, why, and does not ask again', async () => {
    await page.getByRole('button', { name: /^Settle: leads\.deal / }).click();
    const dialog = page.getByRole('dialog', { name: 'Settle leads.deal?' });
    await seen(dialog);
    expect(await seriousIssues(page)).toEqual([]);
    const choices = dialog.getByRole('radiogroup', { name: 'What you found' });
    // Each beside its words, not above them.
    for (const choice of await choices.locator('label').all()) {
      expect((await choice.boundingBox())?.height).toBeLessThan(32);
    }
    await choices.getByLabel('It is there.').check();
    await dialog.getByLabel('Why').fill('the deal is on the lead');
    await dialog.getByLabel('Your name').fill('Ana of operations');
    await dialog.getByRole('button', { name: 'Settle', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await seen(line('leads.deal').getByText('settled by Ana of operations: the deal is on the lead'));
    expect(await line('leads.deal').getByRole('button').count()).toBe(0);
    expect(await line('leads.messages.create').getByRole('button').count()).toBe(1);
    expect(watched.faults).toEqual([]);
  });
});

async function write(path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${FACADE_TOKEN}`, 'content-type': 'application/json' };
  const res = await fetch(facade.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  await res.arrayBuffer();
  expect(res.status).toBe(502);
}

async function states(): Promise<string[]> {
  const res = await fetch(`${facade.adminUrl}/api/unknown-writes`, { headers: { 'x-c2s-admin': 'test' } });
  return ((await res.json()) as { unknownWrites: { state: string }[] }).unknownWrites.map(({ state }) => state);
}
