import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { afterAll, describe, expect, test } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { parseConfig } from '../../../../src/facade/config/load.ts';
import {
  bodyFitsGateway,
  bodyFor,
  byForm,
  headFits,
  methodFor,
  mustHoldBody,
  planFor,
  readsBody,
  targetFor,
} from '../../../../src/facade/forward/plan.ts';
import { runtimeSettings } from '../../../../src/facade/forward/settings.ts';
import { RuntimeBuilder } from '../../../../src/facade/forward/runtime-builder.ts';
import { parseTarget } from '../../../../src/facade/forward/target.ts';
import { settingsOf } from './table-fixture.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import type { Path } from '../../../../src/facade/rollout/route.ts';

/** On the shipped table: what it says is what is tested. */
const parsed = parseConfig(readFileSync('config/facade.yaml', 'utf8'), { C2S_BASE_URL: 'http://127.0.0.1:1' });
if (!parsed.ok) throw new Error('the shipped table is refused');
const builder = new RuntimeBuilder(new Metrics(), () => 0);
const { matcher } = builder.build(runtimeSettings(parsed.config, CONTACT2SALE, 'r'));
afterAll(() => builder.close());

function matched(method: string, url: string) {
  const match = matcher.match(method, parseTarget(url).path);
  if (!match) throw new Error(`no route for ${method} ${url}`);
  return match;
}
function target(method: string, url: string, path: Path): string {
  const sent = targetFor(matched(method, url), path, parseTarget(url));
  return sent.kind === 'ok' ? sent.value : sent.reason;
}
const requestWith = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;

describe('the target', () => {
  test('goes as it came where dialect and path are the same, aliases, slashes and encoding included', () => {
    for (const url of ['/integration/leads/a%2Db/?x=1&x=2&', '/integration/leads/1', '/integration/leads?']) {
      expect(target('GET', url, 'direct')).toBe(url);
    }
    expect(target('POST', '/integration/api/subscribe', 'direct')).toBe('/integration/api/subscribe');
    expect(target('GET', '/leads?page=2', 'gateway')).toBe('/leads?page=2');
  });

  test('on the gateway path is the canonical endpoint, without a slash at the end', () => {
    expect(target('GET', '/leads/1/', 'gateway')).toBe('/leads/1');
    expect(target('GET', '/distribution_queues/7/sellers', 'gateway')).toBe('/distribution/queues/7/sellers');
  });

  test('changes its endpoint, and keeps its parameters as they are encoded', () => {
    expect(target('GET', '/integration/distribution_queues/a%20b/sellers', 'gateway')).toBe(
      '/distribution/queues/a%20b/sellers',
    );
    expect(target('POST', '/leads/1/messages', 'direct')).toBe('/integration/leads/1/create_message');
  });

  test('says to Contact2Sale what the gateway would have added', () => {
    expect(target('GET', '/leads', 'direct')).toBe('/integration/leads?page=1&perpage=50');
    expect(target('GET', '/leads?perpage=10&status=novo', 'direct')).toBe(
      '/integration/leads?perpage=10&status=novo&page=1',
    );
    expect(target('GET', '/leads?page=3&perpage=5', 'direct')).toBe('/integration/leads?page=3&perpage=5');
    expect(target('GET', '/leads/1', 'direct')).toBe('/integration/leads/1');
  });

  test('is untranslatable where the gateway would drop a parameter', () => {
    expect(target('GET', '/integration/leads?page=2', 'gateway')).toBe('/leads?page=2');
    expect(target('GET', '/integration/leads?limit=5', 'gateway')).toContain('unknown');
    expect(target('GET', '/leads/?limit=5', 'gateway')).toContain('unknown');
    expect(target('GET', '/sellers?page=2', 'gateway')).toContain('unknown');
    expect(target('GET', '/sellers?page=2', 'direct')).toBe('/integration/sellers?page=2');
  });
});

describe('a method that is not the first endpoint’s', () => {
  const fits = (method: string, url: string) => headFits(matched(method, url), 'gateway', requestWith({}), false);

  test.each([
    ['PUT', '/integration/leads/1'],
    ['PUT', '/integration/leads/1/forward'],
    ['PUT', '/integration/distribution_queues/1/next_seller'],
  ])('%s %s does not go to the gateway', (method, url) => {
    expect(fits(method, url)).toMatchObject({ kind: 'untranslatable', field: method });
    expect(methodFor(matched(method, url), 'direct', method)).toBe(method);
  });

  test('is no matter for the first endpoint itself, an alias with the same method, or the gateway’s dialect', () => {
    for (const [method, url] of [
      ['PATCH', '/integration/leads/1'],
      ['POST', '/distribution_rules'],
      ['PATCH', '/leads/1'],
    ] as const) {
      expect([url, fits(method, url).kind]).toEqual([url, 'ok']);
    }
  });
});

describe('at a path that both services have', () => {
  const dialectOf = (method: string, url: string, body?: string) =>
    byForm(matched(method, url), body !== undefined, body === undefined ? undefined : Buffer.from(body)).dialect;

  test.each([
    ['POST', '/tags', '{"name":"n"}'],
    ['POST', '/tags', '{"name":null}'],
    ['POST', '/tags', '{"name":5,"tag":{}}'],
    ['POST', '/sellers', '{"company_id":1,"email":"e","name":"n"}'],
    ['PUT', '/sellers/1', '{}'],
    ['PUT', '/sellers/1', '{"position":3}'],
  ])('%s %s %s is the gateway’s: it would take this form', (method, url, body) =>
    expect(dialectOf(method, url, body)).toBe('gateway'),
  );

  test.each([
    ['POST', '/tags', '{"tag":{"name":"n"}}'],
    ['POST', '/tags', '{}'],
    ['POST', '/tags', '[{"name":"n"}]'],
    ['POST', '/tags', 'name=n'],
    ['POST', '/tags', ''],
    ['POST', '/tags', undefined],
    ['POST', '/sellers', '{"name":"n"}'],
    ['PUT', '/sellers/1', 'name=n'],
    ['POST', '/distribution_queues/1/redistribute', '{"id":"l"}'],
  ])('%s %s %s is direct’s: the gateway would refuse this form', (method, url, body) => {
    expect(dialectOf(method, url, body)).toBe('direct');
    expect(readsBody(matched(method, url), 'direct')).toBe(true);
  });

  test.each([
    ['POST', '/leads', '{"data":{}}'],
    ['POST', '/leads/1/messages', '{"body":"oi"}'],
    ['POST', '/distribution/queues/1/redistribute', '{"id":"l"}'],
  ])('%s %s %s is the gateway’s: direct has no such path', (method, url, body) =>
    expect(dialectOf(method, url, body)).toBe('gateway'),
  );
});

describe('a body', () => {
  test('is read for the gateway always, and for direct only between the dialects and where they differ', () => {
    const reads = (method: string, url: string, path: Path) => readsBody(matched(method, url), path);
    expect(reads('POST', '/integration/leads/1/create_message', 'direct')).toBe(false);
    expect(reads('POST', '/integration/leads/1/create_message', 'gateway')).toBe(true);
    expect(reads('POST', '/leads/1/messages', 'gateway')).toBe(true);
    expect(reads('POST', '/leads/1/messages', 'direct')).toBe(true);
    expect(reads('PATCH', '/leads/1/forward', 'direct')).toBe(false);
    expect(reads('POST', '/leads/1/mark-interacted', 'gateway')).toBe(false);
  });

  test('of the gateway dialect that the gateway would cut short goes direct whole', () => {
    const asked = Buffer.from('{"description":"d","phone":"+55 11","email":"a@example.test","source":"s"}');
    const planned = (path: Path) => planFor(matched('PATCH', '/leads/1'), path, parseTarget('/leads/1'), true, asked);
    expect(planned('gateway')).toMatchObject({ kind: 'untranslatable', field: 'phone' });
    expect(planned('direct')).toMatchObject({ kind: 'ok', value: { target: '/integration/leads/1', body: asked } });
  });

  test.each([
    ['/leads', '/integration/leads', '{"data":{"type":"lead","attributes":{"name":"Ana"}}}'],
    ['/leads', '/integration/leads', '{"lead":{"customer":{"name":"Ana"},"body":"b"}}'],
    ['/leads/1/messages', '/integration/leads/1/create_message', '{"body":"b","type":null}'],
  ])('at %s that is none of its form goes direct to %s as it came, under its own type: %s', (url, sent, text) => {
    const asked = Buffer.from(text);
    const planned = (path: Path) => planFor(matched('POST', url), path, parseTarget(url), true, asked);
    expect(planned('gateway').kind).toBe('untranslatable');
    expect(planned('direct')).toEqual({ kind: 'ok', value: { target: sent, body: asked, isTranslated: false } });
  });

  test('that is longer than maxBody once it is translated goes direct, where it is as long as it came', () => {
    const url = '/integration/leads/1/create_message';
    const longest = 1_048_576 - '{"body":""}'.length;
    for (const [length, kind] of [
      [longest, 'untranslatable'],
      [longest - 'message'.length, 'ok'],
    ] as const) {
      const body = Buffer.from(`{"body":"${'x'.repeat(length)}"}`);
      expect(planFor(matched('POST', url), 'gateway', parseTarget(url), true, body).kind).toBe(kind);
      expect(planFor(matched('POST', url), 'direct', parseTarget(url), true, body).kind).toBe('ok');
    }
  });

  test('of the gateway dialect keeps a list where direct has the same name for it', () => {
    const asked = Buffer.from('{"url":"https://a.example/h","events":["on_create_lead"]}');
    const sent = bodyFor(matched('POST', '/webhooks/subscribe'), 'direct', asked);
    expect(sent).toEqual({ kind: 'ok', value: asked });
  });

  test('that the head already shows to be no plain JSON does not go to the gateway', () => {
    const { route } = matched('POST', '/integration/leads/1/create_message');
    const fits = (headers: Record<string, string>) => bodyFitsGateway(requestWith(headers), route, true).kind;
    expect([fits({}), fits({ 'content-type': 'application/json; charset=utf-8' })]).toEqual(['ok', 'ok']);
    expect(fits({ 'content-type': 'application/x-www-form-urlencoded' })).toBe('untranslatable');
    expect(fits({ 'content-type': 'application/json', 'content-encoding': 'gzip' })).toBe('untranslatable');
  });

  test('does not go to the gateway where that takes none', () => {
    const { route } = matched('POST', '/integration/leads/1/mark_as_interacted');
    expect(bodyFitsGateway(requestWith({}), route, true).kind).toBe('untranslatable');
    expect(bodyFitsGateway(requestWith({}), route, false).kind).toBe('ok');
  });

  test('goes as it came, like a query, where the gateway alone has the route and no rule says what it takes', () => {
    const upload = { id: 'up', gateway: 'PUT /up', rollout: { gateway: 100, fallback: 'none' } } as const;
    const snapshot = builder.build(settingsOf({ routes: [upload] }));
    const match = snapshot.matcher.match('PUT', '/up');
    if (!match) throw new Error('no route');
    expect(bodyFitsGateway(requestWith({ 'content-type': 'image/png' }), match.route, true).kind).toBe('ok');
    expect(mustHoldBody(match, 'gateway', requestWith({}))).toBe(false);
    expect(targetFor(match, 'gateway', parseTarget('/up?x=1'))).toEqual({ kind: 'ok', value: '/up?x=1' });
    expect(target('GET', '/leads/resolve-source?x=1', 'gateway')).toContain('unknown');
  });

  test('is compared with the decoded parameter that it repeats', () => {
    const match = matched('POST', '/integration/leads/a%2Db/create_message');
    const sent = (leadId: string) => bodyFor(match, 'gateway', Buffer.from(JSON.stringify({ leadId, body: 'oi' })));
    expect(sent('a-b')).toMatchObject({ kind: 'ok' });
    expect(sent('other').kind).toBe('untranslatable');
  });
});
