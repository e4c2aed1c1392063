import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readMetric } from './kit/facade.ts';
import { Opened } from './kit/load.ts';
import { startProcess, type FacadeProcess } from './kit/process.ts';
import { until } from './kit/upstream.ts';

/**
 * What a newcomer does: starts it with nothing set, and pastes the lines that it prints, in their order, into bash.
 * The tests build on one another, as the lines do.
 */

const opened = new Opened();
let facade: FacadeProcess;
let url: string;
let adminUrl: string;
/** The sandbox's rollout table. */
const table = () => join(facade.dir, '.data', 'sandbox.yaml');
/** The printed lines by the number of their step. */
let steps: Record<number, string[]>;

beforeAll(async () => {
  facade = opened.keep(
    startProcess({
      env: {
        C2S_TOKEN: undefined,
        FACADE_TOKENS: undefined,
        FACADE_CONFIG: undefined,
        DATABASE_URL: undefined,
      },
    }),
  );
  ({ url, adminUrl } = await facade.ready());
  await until(() => facade.stdout().includes('Take it back'), 'the welcome is printed whole');
  steps = linesOf(facade.stdout());
});
afterAll(opened.closeAll);

function linesOf(welcome: string): Record<number, string[]> {
  const found: Record<number, string[]> = {};
  let step = 0;
  for (const line of welcome.split('\n')) {
    step = Number(/^(\d) {2}\S/.exec(line)?.[1] ?? step);
    if (/^ {3}(curl|sed) /.test(line)) (found[step] ??= []).push(line.trim());
  }
  return found;
}

const run = promisify(execFile);
/** Pastes one printed line, and returns what it prints. */
async function paste(step: number, line = 0): Promise<string> {
  const command = steps[step]?.[line];
  if (!command) throw new Error(`no line ${line} in step ${step}: ${facade.stdout()}`);
  const { stdout } = await run('bash', ['-c', command], { cwd: facade.dir, timeout: 20_000 });
  return stdout;
}

/** The messages that reached Contact2Sale's stand-in so far, as their texts. */
async function arrived(): Promise<string[]> {
  const log = (await (await fetch(`${url}/__sandbox/received`)).json()) as { path: string; body?: { body?: string } }[];
  return log.filter(({ path }) => path.endsWith('/create_message')).map(({ body }) => body?.body ?? '');
}

test('every step has its lines', () => {
  expect(Object.entries(steps).map(([step, { length }]) => [Number(step), length])).toEqual([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 1],
    [5, 3],
    [6, 2],
    [7, 2],
    [8, 1],
  ]);
});

test('what serves is a copy of the shipped rollout table, which says so, and the start says what is in it', () => {
  const lines = readFileSync(table(), 'utf8').split('\n');
  expect(lines[0]).toMatch(
    /^# The rollout table of the sandbox, a copy of .* To start anew, delete \.data\/sandbox\.yaml\.$/,
  );
  expect(lines.slice(1).join('\n')).toBe(readFileSync('config/facade.yaml', 'utf8'));
  expect(facade.stdout()).toMatch(/^\.data\/sandbox\.yaml was written: .* To start anew, delete it\.$/m);
  expect(facade.stdout()).toMatch(
    /^\.data\/sandbox\.yaml: 34 routes: 34 direct; kill switch off; gateway http:\/\/127\.0\.0\.1:\d+$/m,
  );
});

test('1: a lead is read by the old path', async () => {
  const shown = await paste(1);
  expect(shown).toMatch(/^HTTP\/1\.1 200/);
  expect(shown).toMatch(/^x-facade-path: direct\r?$/m);
  expect(shown).toMatch(/^x-facade-route: leads\.get\r?$/m);
});

test('2: after the flip the same line comes by the gateway', async () => {
  await paste(2, 0);
  const shown = await paste(2, 1);
  expect(steps[2]?.[1]).toBe(steps[1]?.[0]);
  expect(shown).toMatch(/^HTTP\/1\.1 200/);
  expect(shown).toMatch(/^x-facade-path: gateway\r?$/m);
  const config = readFileSync(table(), 'utf8');
  const [, row = ''] = /id: leads\.get\n([\s\S]*?)- id:/.exec(config) ?? [];
  expect(row).toContain('rollout: { gateway: 100,');
  expect(config.match(/gateway: 100, shadow/g)).toHaveLength(1);
});

test('3: with the gateway killed, the same line still answers 200, by direct', async () => {
  expect(await paste(3, 0)).toContain('down');
  const shown = await paste(3, 1);
  expect(steps[3]?.[1]).toBe(steps[1]?.[0]);
  expect(shown).toMatch(/^HTTP\/1\.1 200/);
  expect(shown).toMatch(/^x-facade-path: direct\r?$/m);
});

test('4: when it is back, it serves again', async () => {
  expect(await paste(4)).toContain('up');
  await until(async () => /^x-facade-path: gateway\r?$/m.test(await paste(1)), 'the gateway serves again', 8_000);
});

describe('5: a message posted once arrives once', () => {
  test('by the printed lines, in either dialect', async () => {
    await paste(5, 0);
    await paste(5, 1);
    expect(await arrived()).toEqual(['Hello from the direct dialect', 'Hello from the gateway dialect']);
    expect((await paste(5, 2)).trim().split('\n')).toEqual([
      'Hello from the direct dialect',
      'Hello from the gateway dialect',
    ]);
  });

  test('and through the gateway as well, in either dialect', async () => {
    const file = table();
    const text = readFileSync(file, 'utf8');
    const flipped = text.replace(/(id: leads\.messages\.create\n[\s\S]*?rollout: \{ gateway: )0,/, '$1100,');
    expect(flipped).not.toBe(text);
    writeFileSync(file, flipped);
    const share = async (): Promise<number | undefined> => {
      const { routes } = (await (await fetch(`${adminUrl}/api/routes`)).json()) as {
        routes: { id: string; rollout: { gateway: number } }[];
      };
      return routes.find(({ id }) => id === 'leads.messages.create')?.rollout.gateway;
    };
    await until(async () => (await share()) === 100, 'the flip acts');
    const byGateway = async () => {
      const text = await (await fetch(`${adminUrl}/metrics`)).text();
      return (
        readMetric(
          text,
          'facade_requests_total{route="leads.messages.create",path="gateway",method="POST",status="200",outcome="ok"}',
        ) +
        readMetric(
          text,
          'facade_requests_total{route="leads.messages.create",path="gateway",method="POST",status="201",outcome="ok"}',
        )
      );
    };
    const [before, servedBefore] = [(await arrived()).length, await byGateway()];
    await paste(5, 0);
    await paste(5, 1);
    expect((await byGateway()) - servedBefore).toBe(2);
    expect((await arrived()).slice(before)).toEqual([
      'Hello from the direct dialect',
      'Hello from the gateway dialect',
    ]);
  });
});

test('6: the table and the metrics are shown', async () => {
  const { routes } = JSON.parse(await paste(6, 0)) as { routes: { id: string; stage: string }[] };
  expect(routes.find(({ id }) => id === 'leads.get')?.stage).toBe('gateway');
  expect(await paste(6, 1)).toMatch(/^facade_requests_total\{route="leads.get",path="gateway"/m);
});

test('7: the lead is enriched, and the message is shown that arrived', async () => {
  expect(JSON.parse(await paste(7, 0))).toMatchObject({ success: true, entities_stored: 1 });
  const shown = await paste(7, 1);
  expect(shown).toMatch(
    /^"body":"📞📧 Telefone e e-mail da mesma pessoa\nref\. c2s-[0-9a-f]{12}-[0-9a-f]{6}\n\n✅ DADOS PESSOAIS\nNome: /,
  );
  expect((await arrived()).filter((text) => text.startsWith('📞'))).toHaveLength(1);
  expect(facade.stdout()).toContain('The database is ready.');
}, 30_000);

test('8: and it is rolled back', async () => {
  await paste(8);
  expect(await paste(1)).toMatch(/^x-facade-path: direct\r?$/m);
});

test('no flip of the sandbox ends in the table of the real upstreams', () => {
  expect(readFileSync(facade.configFile, 'utf8')).toBe(facade.config.toString());
});

test('a page that is only opened says that it is well, and the stop is clean', async () => {
  expect(await (await fetch(url)).json()).toMatchObject({ status: 'ok' });
  facade.child.kill('SIGINT');
  expect(await facade.exited(5_000)).toBe(0);
  expect(facade.stderr()).toBe('');
});
