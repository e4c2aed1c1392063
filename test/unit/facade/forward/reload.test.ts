import { Writable } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { Loader } from '../../../../src/facade/forward/reload.ts';
import { Table } from '../../../../src/facade/forward/table.ts';
import { createLogs } from '../../../../src/http/log.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import { configText, GET_LEAD } from './table-fixture.ts';

const made: Table[] = [];
afterEach(() => Promise.all(made.splice(0).map((table) => table.close())));

function setUp(variables: Record<string, string> = {}) {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const metrics = new Metrics();
  const table = new Table(metrics, () => 0);
  made.push(table);
  const { log } = createLogs('info', sink);
  const loader = new Loader({
    pair: CONTACT2SALE,
    file: 'facade.yaml',
    table,
    metrics,
    log,
    variables: () => variables,
  });
  const reloads = async () => {
    const { values } = await metrics.reloads.get();
    const last = (await metrics.lastReloadSuccess.get()).values[0]?.value;
    const of = (result: string) => values.find(({ labels }) => labels.result === result)?.value;
    return { success: of('success'), failure: of('failure'), last };
  };
  return { loader, lines, reloads, variables };
}

const GOOD = configText({ routes: [GET_LEAD] });

describe('a good file', () => {
  test('becomes a generation with its revision, is logged and counted', async () => {
    const { loader, lines, reloads } = setUp();
    const loaded = loader.load(GOOD);
    expect(loaded).toMatchObject({
      ok: true,
      generation: { revision: expect.stringMatching(/^[0-9a-f]{12}$/) as string },
    });
    expect(lines.join()).toContain('"routes":1');
    expect(await reloads()).toEqual({ success: 1, failure: 0, last: 1 });
  });

  test('reads the variables anew: one that was emptied takes the gateway away', () => {
    const { loader, variables } = setUp({ GW: 'http://gateway.invalid/' });
    const text = configText({ routes: [GET_LEAD], gateway: { url: '${GW}' } });
    const hasGateway = () => {
      const loaded = loader.load(text);
      return loaded.ok && loaded.generation.upstreams.gateway !== undefined;
    };
    expect(hasGateway()).toBe(true);
    variables['GW'] = '';
    expect(hasGateway()).toBe(false);
  });
});

describe('a bad file', () => {
  test('is refused with every reason, which the log, the metric and the admin API are told', async () => {
    const { loader, lines, reloads } = setUp();
    loader.load(GOOD);
    const bad = GOOD.replace('"gateway": 25', '"gateway": 250').replace('"fallback"', '"fallbak"');
    const loaded = loader.load(bad);
    expect(loaded.ok).toBe(false);
    if (!loaded.ok) expect(loaded.problems.split('\n').length).toBeGreaterThanOrEqual(2);
    expect(loader.lastRefused?.problems.length).toBeGreaterThanOrEqual(2);
    expect(lines.at(-1)).toContain('the old table stays');
    expect(await reloads()).toEqual({ success: 1, failure: 1, last: 0 });
  });

  test('changes nothing that serves: states, upstreams and budget are found again by the next good one', () => {
    const { loader } = setUp();
    const before = loader.load(GOOD);
    loader.load('routes: [');
    const after = loader.load(GOOD);
    if (!before.ok || !after.ok) throw new Error('the good file was refused');
    expect(after.generation.upstreams).toEqual(before.generation.upstreams);
    expect(after.generation.upstreams.direct).toBe(before.generation.upstreams.direct);
    expect(after.generation.entries[0]?.state).toBe(before.generation.entries[0]?.state);
    expect(after.generation.failoverBudget).toBe(before.generation.failoverBudget);
  });

  test('is forgotten when a good one follows', async () => {
    const { loader, reloads } = setUp();
    loader.load('');
    expect(loader.lastRefused).toBeDefined();
    loader.load(GOOD);
    expect(loader.lastRefused).toBeUndefined();
    expect(await reloads()).toEqual({ success: 1, failure: 1, last: 1 });
  });
});
