import { mkdirSync } from 'node:fs';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SYSTEM_CALENDAR } from '../../../src/http/calendar.ts';
import { chromiumPath, launchChromium, openPage, overflow, seriousIssues, type Watched } from '../kit/browser.ts';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade } from '../kit/facade.ts';
import { Opened } from '../kit/load.ts';
import { startUpstream, until } from '../kit/upstream.ts';

/**
 * What somebody who decides is shown, in a real Chromium, of three routes at once: one whose gateway is dead, one whose
 * gateway loses a field, and one that was flipped a minute ago. `SHOTS=FOLDER` keeps a picture of each page, wide and
 * narrow, light and dark.
 */

if (!chromiumPath) console.log('chromium is not installed: the console is not tested (apt-get install chromium)');

const DEAD = 'sellers.list';
const LOSSY = 'leads.get';
const FLIPPED = 'tags.list';
const PILOT = '3f2a9c81d0b7';
const headers = { authorization: `Bearer ${FACADE_TOKEN}` };
const folder = process.env['SHOTS'];
const WIDTHS = [1440, 1280, 390];
const SCHEMES = ['light', 'dark'] as const;

const opened = new Opened();
let browser: Browser;
let facade: TestFacade;
let watched: Watched;
let page: Page;
/** Milliseconds by which the facade's calendar is behind. */
let behindMs = 95_000;

const answer = (phone: string | null): string =>
  JSON.stringify({ data: { id: '1', attributes: { name: 'Ana', phone } } });

describe.skipIf(!chromiumPath)('what stands against a flip', () => {
  beforeAll(async () => {
    const json = { 'content-type': 'application/json' };
    const direct = opened.keep(await startUpstream((_, res) => res.writeHead(200, json).end(answer('5511'))));
    const gateway = opened.keep(
      await startUpstream((req, res) => {
        if (req.url?.startsWith('/sellers')) res.destroy();
        else res.writeHead(200, json).end(answer(req.url?.startsWith('/leads') ? null : '5511'));
      }),
    );
    const calendar = { ...SYSTEM_CALENDAR, now: () => Date.now() - behindMs };
    facade = opened.keep(
      await startFacade({
        direct: direct.url,
        gateway: gateway.url,
        pace: { calendar },
        edit: (config) => {
          config.setIn(['compare'], { minSamples: 20, minNoise: 5, ready: { latencyP95Ratio: 100 } });
          config.setIn(['defaults', 'callers'], config.createNode({ [PILOT]: 'gateway' }));
          setRoute(config, DEAD, ['rollout', 'gateway'], 100);
          setRoute(config, LOSSY, ['rollout', 'shadow'], 100);
        },
      }),
    );
    await flip(FLIPPED, 100);
    for (let i = 0; i < 8; i++) await ask('/integration/sellers');
    for (let i = 0; i < 3; i++) await ask('/integration/tags');
    await until(
      async () => {
        await ask('/integration/leads/1');
        const report = await (await fetch(`${facade.adminUrl}/api/parity/${LOSSY}`)).json();
        return (report as { verdict: { kind: string } }).verdict.kind === 'not ready';
      },
      `${LOSSY} is not ready`,
      15_000,
    );
    behindMs -= 90_000;
    browser = await launchChromium();
    opened.keep({ close: () => browser.close() });
    watched = await openPage(browser, facade.adminUrl, { viewport: { width: 1440, height: 900 } });
    ({ page } = watched);
  }, 60_000);
  afterAll(opened.closeAll);

  test('the overview: a red row, its sentence in what needs somebody, and the verdict of the other', async () => {
    await open('/');
    await seen(
      page
        .locator('.needs li.bad', { hasText: DEAD })
        .getByText('gateway: 8 of 8 attempts failed, direct answered all'),
    );
    expect(await row(DEAD).getAttribute('class')).toBe('down');
    expect(await row(DEAD).innerText()).toMatch(/100 % failed/);
    await seen(row(LOSSY).getByText('not ready'));
    expect(await row(LOSSY).getAttribute('class')).toBe('');
    await look('overview');
  });

  test('the page of the dead route: the sentence, and what failed of the minute and the hour', async () => {
    await open(`/routes/${DEAD}`);
    await seen(page.getByText('gateway: 8 of 8 attempts failed, direct answered all'));
    const card = page.locator('section.card').filter({ has: page.getByRole('heading', { name: 'Gateway' }) });
    for (const of of ['Last minute', 'Last hour'])
      expect(await card.locator(`dt:text-is("${of}") + dd`).innerText()).toBe(
        '8 of 8 attempts failed, 8 went to direct',
      );
    await look('dead-route');
  });

  test('the page of the route that is not ready: the verdict, the field, and how much was data', async () => {
    await open(`/routes/${LOSSY}`);
    await seen(page.getByText(/^not ready: because \d+ of \d+ answers differ .*phone/));
    expect(
      Number(await page.locator('dt:text-is("Of them with data on both sides") + dd').innerText()),
    ).toBeGreaterThan(0);
    await look('not-ready-route');
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      const isDark = colorScheme === 'dark';
      await until(async () => (await brightnessOfGrid()) < 128 === isDark, `the plots are ${colorScheme}`);
    }
  });

  test(
    'the migration page: a flip of a minute ago is not yet safe to delete, and a dead gateway never',
    { timeout: 60_000 },
    async () => {
      // The burn-down takes up what was counted every ten seconds.
      const counted = async (): Promise<boolean> => {
        await open('/migration');
        await page.reload();
        await seen(page.getByRole('heading', { level: 1 }));
        await seen(row(DEAD));
        return /8 failovers/.test(await row(DEAD).locator('[data-label="Old path"]').innerText());
      };
      await until(counted, 'the failovers are in the burn-down', 20_000);
      const said = await row(FLIPPED).locator('[data-label="Old path"]').innerText();
      expect(said).toMatch(/^not yet: unused for 1 min of 7 days/);
      expect(await row(DEAD).locator('[data-label="Old path"]').innerText()).toMatch(/^not yet: .*8 failovers/);
      expect(await row(LOSSY).locator('[data-label="Old path"]').innerText()).toBe('needed');
      expect(await page.getByText('can be deleted, not needed since').count()).toBe(0);
      await look('migration');
    },
  );

  test('the flip dialog: the verdict, why, and who is not moved, before anything can be asked', async () => {
    await open(`/routes/${LOSSY}`);
    await page.getByRole('button', { name: 'Flip', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: `Flip ${LOSSY}` });
    await dialog.getByLabel('Share that the gateway serves').fill('25');
    await seen(dialog.getByText(/Parity: not ready, \d+ of \d+ answers differ .*phone/));
    await seen(dialog.getByText('It needs force: gateway 0 → 25 against the verdict.'));
    await seen(dialog.getByText(new RegExp(`callers of ${LOSSY} take a path .*gateway for ${PILOT}`)));
    const button = dialog.getByRole('button', { name: 'Flip', exact: true });
    expect(await button.isEnabled()).toBe(false);
    // Why, and the button, are seen without scrolling.
    for (const part of [button, dialog.getByText('To flip all the same, type leads.get and say why.')]) {
      const { y = 0, height = 0 } = (await part.boundingBox()) ?? {};
      expect(y + height).toBeLessThan(900);
    }
    await look('flip-dialog');
    expect(watched.faults).toEqual([]);
  });
});

async function open(address: string): Promise<void> {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${facade.adminUrl}/console/#${address}`);
  await page.getByText('Loading').first().waitFor({ state: 'detached' });
  await seen(page.getByRole('heading', { level: 1 }));
}

/** At every width, light and dark: nothing is wider than the page, and axe-core finds nothing serious. */
async function look(name: string): Promise<void> {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      expect([name, colorScheme, width, await overflow(page)]).toEqual([name, colorScheme, width, 0]);
      if (folder === undefined) continue;
      mkdirSync(folder, { recursive: true });
      const path = `${folder}/${name}-${width}-${colorScheme}.png`;
      await page.screenshot({ path, animations: 'disabled', fullPage: !name.endsWith('dialog') });
    }
    expect([name, colorScheme, await seriousIssues(page)]).toEqual([name, colorScheme, []]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** 0 to 255, of the lines of the first plot. */
const brightnessOfGrid = (): Promise<number> =>
  page.evaluate<number>(`(() => {
    const { stroke } = getComputedStyle(document.querySelector('.plot .grid'));
    const [red, green, blue] = stroke.match(/[\\d.]+/g).map(Number);
    return (red + green + blue) / 3;
  })()`);

async function ask(target: string): Promise<void> {
  await (await fetch(facade.url + target, { headers })).arrayBuffer();
}

async function flip(route: string, share: number): Promise<void> {
  const res = await fetch(`${facade.adminUrl}/api/flips`, {
    method: 'POST',
    headers: { 'x-c2s-admin': 'test', 'content-type': 'application/json' },
    body: JSON.stringify({ changes: [{ route, set: { gateway: share } }], force: true, why: 'a test' }),
  });
  expect(res.status).toBe(200);
}

const seen = (what: Locator): Promise<void> => what.first().waitFor({ state: 'visible', timeout: 8_000 });
const row = (id: string): Locator => page.locator('tbody tr').filter({ has: page.getByText(id, { exact: true }) });
