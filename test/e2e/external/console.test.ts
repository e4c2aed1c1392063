import { mkdirSync, writeFileSync } from 'node:fs';
import type { Browser, Locator, Page } from 'playwright-core';
import type { Document } from 'yaml';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type Gateway } from '../../../src/c2s/gateway/index.ts';
import { SEED_LEAD_IDS, startContact2Sale } from '../../../src/c2s/sandbox/index.ts';
import { chromiumPath, launchChromium, openPage, overflow, seriousIssues, type Watched } from '../kit/browser.ts';
import { C2S_TOKEN, FACADE_TOKEN, setRoute, startFacade, type TestFacade } from '../kit/facade.ts';
import { Opened } from '../kit/load.ts';
import { startUpstream, until } from '../kit/upstream.ts';

/**
 * The console as an operator uses it, in a real Chromium: a facade on the sandbox, the real gateway, and live traffic.
 * The tests build on one another. `SCREENSHOTS=docs/images` writes the pictures of the documents anew.
 */

if (!chromiumPath) console.log('chromium is not installed: the console is not tested (apt-get install chromium)');

const pictures = process.env['SCREENSHOTS'];
const headers = { authorization: `Bearer ${FACADE_TOKEN}` };
const lead = (i: number): string => SEED_LEAD_IDS[i % SEED_LEAD_IDS.length] ?? '';
/** One of each in a round, the single lead twice. */
const ASKED: readonly ((i: number) => string)[] = [
  (i) => `/integration/leads/${lead(i)}`,
  (i) => `/integration/leads/${lead(i + 7)}`,
  (i) => `/integration/leads?page=${1 + (i % 3)}&perpage=5`,
  (i) => `/integration/leads/${lead(i)}/tags`,
  () => '/integration/tags',
  () => '/integration/sellers',
];
/** Milliseconds; the traffic ends by itself after this many rounds. */
const ROUND = 200;
const ROUNDS = pictures ? 600 : 300;

const opened = new Opened();
const own = new Opened();
let browser: Browser;
let facade: TestFacade;
let gateway: Gateway;
let restart: () => Promise<Gateway>;
let console_: Watched;
let page: Page;

describe.skipIf(!chromiumPath)('the console', () => {
  beforeAll(async () => {
    await startScene();
    browser = await launchChromium();
    opened.keep({ close: () => browser.close() });
    console_ = await openPage(browser, facade.adminUrl);
    ({ page } = console_);
    await page.goto(`${facade.adminUrl}/console/`);
  });
  afterAll(opened.closeAll);
  afterEach(own.closeAll);

  test('shows every route of the table, its stage, and its two paths under live traffic', async () => {
    await seen(page.getByRole('heading', { name: 'Overview', level: 1 }));
    await until(async () => (await page.locator('tbody th').count()) === 34, 'all rows are there');
    await until(async () => /\d\/s/.test(await cell('leads.get', 'Direct').innerText()), 'direct has a rate');
    expect(await cell('leads.get', 'Gateway').innerText()).toContain('–');
    expect(await cell('leads.get', 'Stage').innerText()).toBe('direct');
    expect(await cell('leads.get', 'Share').innerText()).toMatch(/^0 %/);
    expect(await cell('tags.list', 'Stage').innerText()).toBe('gateway');
    expect(await cell('tags.list', 'Share').innerText()).toMatch(/^100 %/);
    await seen(
      cell('leads.get', 'Attempts, 15 min').getByRole('img', { name: /^Last minute: \d+ good on direct/ }),
      12_000,
    );
    expect(await page.getByRole('status').filter({ hasText: 'live' }).count()).toBe(1);
    expect(await page.title()).toBe('Overview · c2s-facade');
  });

  test('is searched and filtered with the keyboard alone', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('tags get');
    await until(async () => (await rowNames()).join() === 'leads.tags.list,tags.list', 'only those are shown');
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Delete');
    await page.keyboard.press('Tab');
    await page.keyboard.type('gateway');
    await until(async () => (await rowNames()).includes('tags.list') && (await rowNames()).length === 1, 'one stage');
    await page.keyboard.press('Home');
    await until(async () => (await rowNames()).length === 34, 'all again');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Route');
    await page.keyboard.press('Enter');
    await until(async () => (await rowNames())[0] === 'company.me', 'sorted by name');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await until(async () => (await rowNames())[0] !== 'company.me', 'by what is active again');
  });

  test('flips a route: live traffic changes its side, and the history says who and why', async () => {
    expect(await pathOf('leads.get')).toBe('direct');
    await page.getByRole('button', { name: 'Flip leads.get', exact: true }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Flip leads.get' });
    await seen(dialog);
    await dialog.getByLabel('Share that the gateway serves').fill('100');
    await dialog.getByLabel('Why').fill('the shadows agree');
    await dialog.getByLabel('Your name').fill('Ana of operations');
    // Nothing was compared of it.
    await dialog.getByLabel('Type leads.get to flip').fill('leads.get');
    await dialog.getByRole('button', { name: 'Flip', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await focused()).toBe('Flip leads.get');
    await until(async () => (await pathOf('leads.get')) === 'gateway', 'a request takes the gateway');
    await until(async () => (await cell('leads.get', 'Share').innerText()).includes('100 %'), 'the board says so');
    await until(async () => /\d\/s|\/min/.test(await cell('leads.get', 'Gateway').innerText()), 'its traffic is shown');
    await page.getByRole('link', { name: 'History' }).click();
    const line = page.locator('tr', { hasText: 'the shadows agree' });
    await seen(line);
    expect(await line.innerText()).toMatch(
      /leads\.get gateway 0 % → 100 %\s+Ana of operations console\s+forced the shadows/,
    );
    expect(await focused()).toBe('main');
  });

  test('a flip of what is no longer so is refused in words, and the dialog stays', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('button', { name: 'Flip sellers.list' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Share that the gateway serves').fill('5');
    await dialog.getByLabel('Why').fill('too late');
    await dialog.getByLabel('Type sellers.list to flip').fill('sellers.list');
    await flip('sellers.list', 50);
    await dialog.getByRole('button', { name: 'Flip', exact: true }).click();
    await seen(dialog.getByText(/gateway of sellers\.list is 50, not 0/));
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(console_.faults.splice(0)).toEqual([expect.stringMatching(/status of 409/)]);
    expect(await focused()).toBe('Flip sellers.list');
  });

  test('a route has a page: plots that begin with the last hour, parity, autopilot, history', async () => {
    await page.getByRole('link', { name: 'leads.list' }).first().click();
    await seen(page.getByRole('heading', { name: 'leads.list', level: 1 }));
    await until(async () => (await page.locator('figure.plot').count()) === 3, 'three plots');
    await seen(page.getByRole('img', { name: /^Attempts: direct [1-9]/ }));
    await seen(page.getByText(/^\d+ match, \d+ mismatch, \d+ ignored$/));
    await seen(page.getByRole('listitem').filter({ hasText: 'Traffic' }).getByText('waiting'));
    await seen(page.getByRole('button', { name: 'Pause the autopilot' }));
    const { at } = await timeline('leads.list');
    expect(at.length).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Pause the autopilot' }).click();
    await seen(page.getByText('paused', { exact: true }));
    await page.getByRole('button', { name: 'Resume the autopilot' }).click();
    await seen(page.getByRole('button', { name: 'Pause the autopilot' }));
    expect(await page.title()).toBe('leads.list · c2s-facade');
  });

  test('a gateway that dies is seen as an open breaker, callers are served, and when it is back it closes', async () => {
    if (pictures) await takePictures();
    await page.getByRole('navigation').getByRole('link', { name: 'Overview' }).click();
    await gateway.close();
    await seen(cell('leads.get', 'Gateway').getByText(/breaker (open|half-open)/), 12_000);
    await seen(page.locator('.needs li', { hasText: 'leads.get' }).getByText(/gateway: breaker (open|half-open)/));
    await until(
      async () => (await page.getByRole('status').allInnerTexts()).some((text) => /^Failing: .*leads\.get/.test(text)),
      'a screen reader is told',
    );
    expect(await pathOf('leads.get')).toBe('direct');
    gateway = await restart();
    await cell('leads.get', 'Gateway')
      .getByText(/breaker/)
      .waitFor({ state: 'detached', timeout: 12_000 });
    await until(async () => (await pathOf('leads.get')) === 'gateway', 'the gateway serves again');
  });

  test('what the dead gateway answered to shadows stands among the differences, with its standing', async () => {
    await page.getByRole('link', { name: 'leads.list' }).first().click();
    const differences = page.locator('tr', { has: page.getByText(/^(fault|suspect)$/) });
    await seen(differences);
    expect(await differences.first().innerText()).toMatch(
      /failure 200 → no answer\s+(fault|suspect).*\d+ of \d+\s+0 of \d+/s,
    );
  });

  test('is rolled back: what would change is shown first, then traffic is where it was', async () => {
    await page.getByRole('link', { name: 'History' }).click();
    await page.getByRole('button', { name: 'Roll back the last flip' }).click();
    await seen(page.getByRole('dialog').getByText('sellers.list gateway 50 % → 0 %'));
    await page.keyboard.press('Escape');
    const rows = page.locator('tbody tr');
    await rows.last().getByText('the shadows agree').waitFor();
    await page.getByRole('button', { name: 'Roll back the last flip' }).click();
    await page.getByLabel('Why').fill('it was the wrong row');
    await page.getByRole('button', { name: 'Roll back', exact: true }).click();
    await seen(page.locator('tr', { hasText: 'it was the wrong row' }).getByText('rollback'));
    await page.getByRole('button', { name: 'Roll back to here: revision 1' }).click();
    await seen(page.getByText('It is so already: nothing would change.'));
    await page.keyboard.press('Escape');
    expect(await pathOf('leads.get')).toBe('gateway');
  });

  test('the kill switch takes everything back at once, and says so on every page', async () => {
    await page.getByRole('button', { name: 'Kill switch' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send every route direct' }).click();
    await seen(page.getByRole('alert').filter({ hasText: 'The kill switch is on' }));
    expect(await pathOf('leads.get')).toBe('direct');
    await page.getByRole('button', { name: 'Switch the kill switch off' }).click();
    await page.getByRole('button', { name: 'Switch it off' }).click();
    await page.getByText('The kill switch is on').waitFor({ state: 'detached' });
    expect(await pathOf('leads.get')).toBe('gateway');
  });

  test('the migration page says how long each route is where it is, and what is missing before its old path can be deleted', async () => {
    await page.getByRole('link', { name: 'Migration' }).click();
    await seen(
      page
        .locator('tr', { hasText: 'tags.list' })
        .getByText(/not yet: unused for \d+ min of 7 days/)
        .first(),
    );
    await until(async () => (await page.locator('.days li').count()) === 1, 'the day is shown', 12_000);
  });

  test.each(['light', 'dark'] as const)('axe-core finds nothing serious on any page, %s', async (colorScheme) => {
    const watched = await openPage(browser, facade.adminUrl, { colorScheme });
    own.keep(watched);
    for (const [address, heading] of PAGES) {
      await watched.page.goto(`${facade.adminUrl}/console/#${address}`);
      await seen(watched.page.getByRole('heading', { name: heading, level: 1 }));
      await watched.page.getByText('Loading').first().waitFor({ state: 'detached' });
      expect([address, await seriousIssues(watched.page)]).toEqual([address, []]);
    }
    await watched.page.getByRole('button', { name: 'Kill switch' }).click();
    await seen(watched.page.getByRole('dialog'));
    expect(await seriousIssues(watched.page)).toEqual([]);
    expect(watched.faults).toEqual([]);
  });

  test('nothing is wider than a telephone of 375 pixels', async () => {
    const watched = await openPage(browser, facade.adminUrl, { viewport: { width: 375, height: 700 } });
    own.keep(watched);
    for (const [address, heading] of PAGES) {
      await watched.page.goto(`${facade.adminUrl}/console/#${address}`);
      await seen(watched.page.getByRole('heading', { name: heading, level: 1 }));
      await watched.page.getByText('Loading').first().waitFor({ state: 'detached' });
      expect([address, await overflow(watched.page)]).toEqual([address, 0]);
    }
  });

  test('a flip against the verdict is not made before the name of the route and a reason are typed', async () => {
    const at = await startNotReady();
    const watched = await openPage(browser, at.adminUrl, { viewport: { width: 1280, height: 800 } });
    own.keep(watched);
    await watched.page.goto(`${at.adminUrl}/console/#/routes/leads.get`);
    await watched.page.getByRole('button', { name: 'Flip', exact: true }).click();
    const dialog = watched.page.getByRole('dialog', { name: 'Flip leads.get' });
    const button = dialog.getByRole('button', { name: 'Flip', exact: true });
    expect(await button.isEnabled()).toBe(true);
    await dialog.getByLabel('Share that the gateway serves').fill('25');
    await seen(dialog.getByText(/Parity: not ready, \d+ of \d+ answers differ .*phone/));
    await seen(dialog.getByText('It needs force: gateway 0 → 25 against the verdict.'));
    await seen(dialog.getByText('To flip all the same, type leads.get and say why.'));
    expect(await button.isEnabled()).toBe(false);
    await dialog.getByLabel('Why').fill('mended on Monday');
    await dialog.getByLabel('Type leads.get to flip').fill('leads.gett');
    await seen(dialog.getByText('To flip all the same, type leads.get.'));
    expect(await button.isEnabled()).toBe(false);
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [375, 1280]) {
        await watched.page.setViewportSize({ width, height: 800 });
        await watched.page.emulateMedia({ colorScheme });
        expect([await seriousIssues(watched.page), await overflow(watched.page)]).toEqual([[], 0]);
      }
    await dialog.getByLabel('Share that the gateway serves').fill('0');
    await dialog.getByText('It needs force').waitFor({ state: 'detached' });
    expect(await button.isEnabled()).toBe(true);
    await dialog.getByLabel('Share that the gateway serves').fill('25');
    await dialog.getByLabel('Type leads.get to flip').fill('leads.get');
    await button.click();
    await dialog.waitFor({ state: 'detached' });
    await seen(watched.page.locator('tr', { hasText: 'mended on Monday' }).getByText('forced'));
    expect(watched.faults).toEqual([]);
  });

  test('it asked nobody else for anything, and nothing went wrong in it', async () => {
    expect(console_.faults).toEqual([]);
  });

  test('with ADMIN_TOKEN it asks for it, says when it is wrong, and forgets it with the tab', async () => {
    const token = 'admin-token-of-a-test-0123456789';
    const guarded = own.keep(await startFacade({ direct: 'http://127.0.0.1:9', env: { ADMIN_TOKEN: token } }));
    const watched = await openPage(browser, guarded.adminUrl);
    own.keep(watched);
    const signIn = async (typed: string): Promise<void> => {
      await watched.page.getByLabel('Admin token').fill(typed);
      await watched.page.keyboard.press('Enter');
    };
    await watched.page.goto(`${guarded.adminUrl}/console/`);
    await seen(watched.page.getByLabel('Admin token'));
    expect(await watched.page.getByText('not the admin token').count()).toBe(0);
    expect(await seriousIssues(watched.page)).toEqual([]);
    await signIn(`${token}x`);
    await seen(watched.page.getByRole('alert').filter({ hasText: 'This is not the admin token.' }));
    await signIn(token);
    await seen(watched.page.getByRole('heading', { name: 'Overview', level: 1 }));
    await watched.page.reload();
    await seen(watched.page.getByRole('heading', { name: 'Overview', level: 1 }));
    // The browser itself notes each refusal; there is nothing else to note.
    expect(watched.faults.filter((fault) => !/status of 401/.test(fault))).toEqual([]);
    const other = await watched.page.context().newPage();
    await other.goto(`${guarded.adminUrl}/console/`);
    await seen(other.getByLabel('Admin token'));
  });
});

const PAGES = [
  ['/', 'Overview'],
  ['/routes/leads.list', 'leads.list'],
  ['/routes/leads.get', 'leads.get'],
  ['/migration', 'Migration'],
  ['/history', 'History'],
  ['/unknown-writes', 'Unknown writes'],
  ['/autopilot', 'Autopilot'],
  ['/events', 'Events'],
  ['/discovery', 'Discovery'],
  ['/explain', 'Explain a request'],
  ['/instance', 'Instance'],
  ['/help', 'Help'],
  ['/nothing', 'No such page'],
] as const;

/** The sandbox's CRM, the real gateway, the facade, and traffic that ends by itself. */
async function startScene(): Promise<void> {
  const crm = opened.keep(await startContact2Sale({ token: C2S_TOKEN }));
  restart = () => startGateway({ c2sBaseUrl: crm.url, c2sToken: C2S_TOKEN, port: gateway?.port ?? 0 });
  gateway = await restart();
  opened.keep({ close: () => gateway.close() });
  facade = opened.keep(
    await startFacade({
      direct: crm.url,
      gateway: gateway.url,
      edit: (config) => {
        config.setIn(['defaults', 'breaker', 'reset'], '1s');
        config.setIn(['defaults', 'breaker', 'rampStep'], '0s');
        config.setIn(['defaults', 'breaker', 'volumeThreshold'], 3);
        config.setIn(['compare'], { minSamples: 20, minNoise: 5, ready: { parity: 0.8, latencyP95Ratio: 100 } });
        setRoute(config, 'leads.list', ['rollout', 'shadow'], 100);
        setRoute(config, 'leads.list', ['autopilot'], {});
        setRoute(config, 'leads.tags.list', ['rollout'], { gateway: 25, shadow: 100, stickyBy: 'leadId' });
        setRoute(config, 'tags.list', ['rollout', 'gateway'], 100);
      },
    }),
  );
  let round = 0;
  const timer = setInterval(() => {
    if (round++ >= ROUNDS) return clearInterval(timer);
    for (const target of ASKED) void ask(target(round)).catch(() => undefined);
  }, ROUND);
  opened.keep({ close: () => clearInterval(timer) });
}

/** A facade of its own, whose gateway loses the phone of every lead, with enough shadows to know. */
async function startNotReady(): Promise<TestFacade> {
  const answers = (phone: unknown) =>
    startUpstream((_, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ data: { id: '1', attributes: { name: 'Ana', phone } } }));
    });
  const [direct, lossy] = [own.keep(await answers('5511')), own.keep(await answers(null))];
  const edit = (config: Document): void => {
    config.setIn(['compare'], { minSamples: 20, minNoise: 5 });
    setRoute(config, 'leads.get', ['rollout', 'shadow'], 100);
  };
  const at = own.keep(await startFacade({ direct: direct.url, gateway: lossy.url, edit }));
  await until(async () => {
    await (await fetch(`${at.url}/integration/leads/1`, { headers })).arrayBuffer();
    const report = await (await fetch(`${at.adminUrl}/api/parity/leads.get`)).json();
    return (report as { verdict: { kind: string } }).verdict.kind === 'not ready';
  }, 'it is not ready');
  return at;
}

const ask = async (target: string): Promise<string | null> => {
  const res = await fetch(facade.url + target, { headers });
  await res.arrayBuffer();
  return res.headers.get('x-facade-path');
};
const pathOf = (_route: 'leads.get'): Promise<string | null> => ask(`/integration/leads/${lead(3)}`);

async function flip(route: string, share: number): Promise<void> {
  const res = await fetch(`${facade.adminUrl}/api/flips`, {
    method: 'POST',
    headers: { 'x-c2s-admin': 'test', 'content-type': 'application/json' },
    body: JSON.stringify({ changes: [{ route, set: { gateway: share } }], force: true, why: 'a test' }),
  });
  expect(res.status).toBe(200);
}

const timeline = async (route: string): Promise<{ at: number[] }> =>
  (await (await fetch(`${facade.adminUrl}/api/routes/${route}/timeline?range=15m`)).json()) as { at: number[] };

const seen = (what: Locator, timeout = 8_000): Promise<void> => what.first().waitFor({ state: 'visible', timeout });
const row = (id: string): Locator => page.locator('tbody tr').filter({ has: page.getByText(id, { exact: true }) });
const cell = (id: string, label: string): Locator => row(id).locator(`[data-label="${label}"]`);
const rowNames = (): Promise<string[]> => page.locator('tbody th').allInnerTexts();
/** What a screen reader would say of where the focus is. */
const focused = (): Promise<string> =>
  page.evaluate<string>(
    'const at = document.activeElement; at.getAttribute("aria-label") ?? (at.localName === "main" ? "main" : at.textContent.trim())',
  );

/** For the documents; 1280 wide, light, so that they stay small. */
async function takePictures(): Promise<void> {
  await until(async () => (await timeline('leads.list')).at.length >= 9, 'there is something to be seen', 50_000);
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.goto(`${facade.adminUrl}/console/#/`);
  await seen(page.getByRole('heading', { name: 'Overview', level: 1 }));
  await picture(page, 'board');
  await page.goto(`${facade.adminUrl}/console/#/routes/leads.list`);
  await seen(page.getByRole('heading', { name: 'Parity', level: 2 }));
  await seen(page.getByText(/match, .* mismatch/));
  await page.setViewportSize({ width: 1280, height: 1400 });
  await picture(page, 'route');
}

async function picture(of: Page, name: string): Promise<void> {
  mkdirSync(pictures as string, { recursive: true });
  writeFileSync(`${pictures}/console-${name}.png`, await of.screenshot({ animations: 'disabled' }));
}
