import { Writable } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { Loader } from '../../../../src/facade/forward/reload.ts';
import { RuntimeBuilder } from '../../../../src/facade/forward/runtime-builder.ts';
import { createLogs } from '../../../../src/http/log.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import { configText, GET_LEAD } from './table-fixture.ts';

const made: RuntimeBuilder[] = [];
afterEach(() => Promise.all(made.splice(0).map((builder) => builder.close())));

function setUp(variables: Record<string, string> = {}, workers?: number) {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const metrics = new Metrics();
  const builder = new RuntimeBuilder(metrics, () => 0);
  made.push(builder);
  const { log } = createLogs('info', sink);
  const loader = new Loader({
    pair: CONTACT2SALE,
    file: 'facade.yaml',
    builder,
    metrics,
    log,
    variables: () => variables,
    workers,
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
const accepted = (loader: Loader, text = GOOD) => {
  const read = loader.read(text);
  if (!read.ok) throw new Error(read.problems);
  return read.accepted;
};
const built = (loader: Loader, text = GOOD) => {
  const { config, digest } = accepted(loader, text);
  return loader.build(config, digest).snapshot;
};

describe('a good file', () => {
  test('becomes a snapshot with its digest, is logged and counted', async () => {
    const { loader, lines, reloads } = setUp();
    const { digest } = accepted(loader);
    expect(digest).toMatch(/^[0-9a-f]{12}$/);
    expect(built(loader).digest).toBe(digest);
    expect(lines.join()).toContain('"routes":1');
    expect(await reloads()).toEqual({ success: 2, failure: 0, last: 1 });
  });

  test('reads the variables anew: one that was emptied takes the gateway away', () => {
    const { loader, variables } = setUp({ GW: 'http://gateway.invalid/' });
    const text = configText({ routes: [GET_LEAD], gateway: { url: '${GW}' } });
    expect(built(loader, text).upstreams.gateway).toBeDefined();
    expect(accepted(loader, text).variables).toEqual({ GW: 'http://gateway.invalid/' });
    variables['GW'] = '';
    expect(built(loader, text).upstreams.gateway).toBeUndefined();
  });

  test('is one of several processes: each has its part of the limits, and what was accepted stays whole', () => {
    const { loader } = setUp({}, 4);
    const { config, digest } = accepted(loader, configText({ routes: [GET_LEAD], direct: { maxInflight: 100 } }));
    expect(config.upstreams.direct.maxInflight).toBe(100);
    expect(loader.build(config, digest).config.upstreams.direct.maxInflight).toBe(25);
  });
});

describe('a bad file', () => {
  test('is refused with every reason, which the log, the metric and the admin API are told', async () => {
    const { loader, lines, reloads } = setUp();
    accepted(loader);
    const bad = GOOD.replace('"gateway": 25', '"gateway": 250').replace('"fallback"', '"fallbak"');
    const read = loader.read(bad);
    expect(read.ok).toBe(false);
    if (!read.ok) expect(read.problems.split('\n').length).toBeGreaterThanOrEqual(2);
    expect(loader.lastRefused?.problems.length).toBeGreaterThanOrEqual(2);
    expect(lines.at(-1)).toContain('the old table stays');
    expect(await reloads()).toEqual({ success: 1, failure: 1, last: 0 });
  });

  test('changes nothing that serves: states, upstreams and budget are found again by the next good one', () => {
    const { loader } = setUp();
    const before = built(loader);
    loader.read('routes: [');
    const after = built(loader);
    expect(after.upstreams).toEqual(before.upstreams);
    expect(after.upstreams.direct).toBe(before.upstreams.direct);
    expect(after.entries[0]?.state).toBe(before.entries[0]?.state);
    expect(after.failoverBudget).toBe(before.failoverBudget);
  });

  test('is forgotten when a good one follows', async () => {
    const { loader, reloads } = setUp();
    loader.read('');
    expect(loader.lastRefused).toBeDefined();
    accepted(loader);
    expect(loader.lastRefused).toBeUndefined();
    expect(await reloads()).toEqual({ success: 1, failure: 1, last: 1 });
  });

  test.each(['refused', 'gone'] as const)('that is %s stays so when what serves is built anew', async (fault) => {
    const { loader, reloads } = setUp();
    const { config, digest } = accepted(loader);
    if (fault === 'refused') loader.read('');
    else loader.unreadable(new Error('ENOENT'));
    const { lastRefused } = loader;
    loader.build(config, digest);
    expect(loader.lastRefused).toBe(lastRefused);
    expect(await reloads()).toEqual({ success: 1, failure: 1, last: 0 });
  });
});
