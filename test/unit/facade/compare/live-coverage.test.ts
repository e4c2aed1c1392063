import { expect, it } from 'vitest';
import { ParityBook } from '../../../../src/facade/compare/book.ts';
import { DriftBook } from '../../../../src/facade/compare/drift/book.ts';
import type { DirectAnswerSink } from '../../../../src/facade/compare/direct-answers.ts';
import { LiveCoverage } from '../../../../src/facade/compare/live-coverage.ts';
import type { InboundRequest } from '../../../../src/facade/forward/exchange.ts';
import { RouteState } from '../../../../src/facade/forward/route-state.ts';
import { ResponseBuffer } from '../../../../src/facade/forward/shadow-sink.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import type { Path } from '../../../../src/facade/rollout/route.ts';
import { NOON, ruled } from './support.ts';

function setUp(shadow = 10) {
  const row = `id: leads.get\ndirect: GET /integration/leads/:leadId\ngateway: GET /leads/:leadId\nrollout: { gateway: 0, shadow: ${shadow} }`;
  const { rules, settings } = ruled('', '', row);
  const book = new ParityBook('one', settings);
  book.use(settings, [rules]);
  const clock = { now: 0 };
  const entry = { model: rules.route, state: new RouteState(rules.route, new Metrics(), { now: () => 0 }) };
  const answers: string[] = [];
  const onDirectAnswer: DirectAnswerSink = (model, question, { body }) =>
    void answers.push(`${model.id} ${question} ${String(body)}`);
  const live = new LiveCoverage({ book, onDirectAnswer, now: () => clock.now, calendar: () => NOON });
  const asked = {
    match: { route: entry },
    req: { method: 'GET' },
    target: { path: '/leads/1', query: '' },
  } as unknown as InboundRequest;
  const seen = async (): Promise<readonly string[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    return book.report('leads.get', NOON)?.coverage.unseen ?? [];
  };
  return { live, entry, asked, clock, seen, answers };
}

function told(body: string, path: Path = 'direct', room = 1_000): ResponseBuffer {
  const captured = new ResponseBuffer(room);
  captured.begin(path, 200, [Buffer.from('content-type'), Buffer.from('application/json')], 5);
  captured.data(Buffer.from(body));
  return captured;
}

it('reads what direct told a caller, and holds the verdict back for what was not compared', async () => {
  const { live, asked, seen } = setUp();
  live.saw(asked, told('{"a":null}'));
  expect(await seen()).toEqual(['body json', 'shape  object', 'shape /a null', 'status 200']);
});

it('reads one answer a second and route, and wants none to be kept in between', async () => {
  const { live, entry, asked, clock, seen } = setUp();
  live.saw(asked, told('{"a":null}'));
  clock.now = 999;
  expect(live.sampleBytes(entry)).toBe(0);
  live.saw(asked, told('{"b":null}'));
  expect(await seen()).not.toContain('shape /b null');
  clock.now = 1_000;
  expect(live.sampleBytes(entry)).toBeGreaterThan(0);
  live.saw(asked, told('{"b":null}'));
  expect(await seen()).toContain('shape /b null');
});

it.each([
  ['the gateway told', setUp(), told('{"a":null}', 'gateway')],
  ['was cut', setUp(), told('{"a":null}', 'direct', 3)],
  ['is of a route that is not compared', setUp(0), told('{"a":null}')],
  ['nobody kept', setUp(), undefined],
])('does not read what %s', async (_, { live, asked, seen }, captured) => {
  live.saw(asked, captured);
  expect(await seen()).toEqual([]);
});

it.each([
  ['compared', 10],
  ['not compared', 0],
])('hands what direct told on, of a route that is %s: the shapes of direct are learnt from it', async (_, shadow) => {
  const { live, asked, seen, answers } = setUp(shadow);
  live.saw(asked, told('{"a":null}'));
  live.saw(asked, told('{"b":null}'));
  await seen();
  expect(answers).toEqual(['leads.get GET /leads/1? {"a":null}']);
});

it('learns from the answers of a live write, whose drift is told as that of a read', async () => {
  const row = 'id: leads.create\ndirect: POST /integration/leads\ngateway: POST /leads\nrollout: { gateway: 0 }';
  const { rules, settings } = ruled('', '', row);
  const book = new ParityBook('one', settings);
  book.use(settings, [rules]);
  const drift = new DriftBook('one');
  drift.use([rules.route]);
  const clock = { now: NOON };
  const live = new LiveCoverage({
    book,
    onDirectAnswer: ({ id }, question, answer) => drift.offer(id, question, answer, clock.now),
    now: () => clock.now,
    calendar: () => clock.now,
  });
  const entry = { model: rules.route, state: new RouteState(rules.route, new Metrics(), { now: () => 0 }) };
  const write = async (n: number, body: object) => {
    clock.now += 10 * 60_000;
    const target = { path: '/integration/leads', query: '' };
    live.saw(
      { match: { route: entry }, req: { method: 'POST' }, target } as unknown as InboundRequest,
      told(JSON.stringify({ data: { id: String(n), ...body } })),
    );
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (let n = 0; n < 1_200; n++) await write(n, { protocol: 'x' });
  expect(drift.report('leads.create', clock.now)).toMatchObject({ isLearnt: true, findings: [] });
  for (let n = 0; n < 60; n++) await write(n, { receipt: 'x' });
  expect(drift.report('leads.create', clock.now)?.findings.map(({ level, text }) => `${level} ${text}`)).toEqual([
    expect.stringMatching(/^warning \/data\/protocol: vanished/),
    expect.stringMatching(/^info \/data\/receipt: appeared/),
  ]);
});
