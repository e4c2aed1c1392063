import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { request as ask } from 'undici';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Document } from 'yaml';
import { FACADE_TOKEN, startFacade, type TestFacade } from '../e2e/kit/facade.ts';
import { inBatches, Opened, tally } from '../e2e/kit/load.ts';
import { openRaw } from '../e2e/kit/raw.ts';
import { startUpstream, type Received, type TestUpstream } from '../e2e/kit/upstream.ts';

/** What strangers do to a facade, and what a known caller notices meanwhile. */

/** What a test must close after itself. */
export const opened = new Opened();

export const KNOWN = { authorization: `Bearer ${FACADE_TOKEN}` };
export const STRANGER = { authorization: 'Bearer a-token-of-the-stranger' };
export const isStranger = ({ headers }: Pick<Received, 'headers'>): boolean =>
  headers.authorization === STRANGER.authorization;

/** Milliseconds that Contact2Sale takes to answer a known caller: a tenth of it is more than the noise of a shared machine. */
const ANSWER_MS = 700;

/** The ways on which a stranger is served at all; the gateway is never asked for one. */
export const WAYS = [
  { way: 'a route', path: '/integration/leads/42' },
  { way: 'what no route claims', path: '/integration/unclaimed/42' },
] as const;
type Way = (typeof WAYS)[number];

type Answering = (request: Pick<Received, 'url'>, res: ServerResponse) => void;
export const succeeds: Answering = (_, res) =>
  void res.writeHead(200, { 'content-type': 'application/json' }).end('{}');

export interface Scene {
  readonly facade: TestFacade;
  readonly direct: TestUpstream;
  /** Answers to strangers that are held back. */
  readonly held: ServerResponse[];
  /** What strangers are answered, at once. */
  strangersGet: Answering;
  /** Milliseconds until known callers are answered. */
  answerMs: number;
}

type Edit = ((config: Document) => void) | undefined;

export async function started(edit?: Edit, answerMs = ANSWER_MS): Promise<Scene> {
  const held: ServerResponse[] = [];
  const scene: Pick<Scene, 'strangersGet' | 'answerMs'> = { strangersGet: succeeds, answerMs };
  const direct = opened.keep(
    await startUpstream((received, res) => {
      if (isStranger(received)) scene.strangersGet(received, res);
      else setTimeout(() => res.writeHead(200, { 'content-type': 'application/json' }).end('{}'), scene.answerMs);
    }),
  );
  const facade = opened.keep(await startFacade({ direct: direct.url, logLevel: 'error', ...(edit && { edit }) }));
  return Object.assign(scene, { facade, direct, held });
}

interface Answered {
  readonly said: string;
  readonly ms: number;
}

export const call = ({ facade }: Scene, path: string, headers: Record<string, string> = KNOWN): Promise<Answered> =>
  callAt(facade.url + path, headers);

async function callAt(url: string, headers: Record<string, string>): Promise<Answered> {
  const startedAt = performance.now();
  const { statusCode, headers: answered, body } = await ask(url, { headers });
  await body.dump();
  return { said: `${statusCode} ${String(answered['x-facade-outcome'] ?? '-')}`, ms: performance.now() - startedAt };
}

/** Opens connections that {@link hundred} uses again. */
const warmUp = async (scene: Scene, { path }: Way): Promise<void> => {
  scene.answerMs = 50;
  await inBatches(50, 50, () => call(scene, path));
  scene.answerMs = ANSWER_MS;
};
/** All at once, so that the hundred takes as long as one. */
const hundred = (scene: Scene, { path }: Way): Promise<Answered[]> => inBatches(100, 100, () => call(scene, path));
const slowest = (answers: readonly Answered[]): number => Math.max(...answers.map(({ ms }) => ms));

/** Runs until it is told to stop; what it sends by itself, it waits for. */
type Attack = (scene: Scene, way: Way, isOver: () => boolean) => Promise<unknown>;

/** Four a second would do; so many that a second of them is enough to open a breaker ten times over. */
const failing: Attack = async (scene, { path }, isOver) => {
  while (!isOver()) {
    await call(scene, path, STRANGER);
    await sleep(10);
  }
};
const limited: Attack = (scene, { path }) => call(scene, path, STRANGER);
const spending =
  (count: number): Attack =>
  (scene, { path }) =>
    inBatches(count, 4, () => call(scene, path, STRANGER));
const pipelining: Attack = async (scene, { path }, isOver) => {
  const raw = openRaw(scene.facade.url);
  opened.keep({ close: () => raw.destroy() });
  const { authorization } = STRANGER;
  raw.send(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n\r\n`.repeat(300));
  while (!isOver()) await sleep(10);
  raw.destroy();
};
export const discovering: Attack = async (scene) => {
  for (let i = 0; i < 510; i++) {
    await call(scene, `/${[...String(i)].map((digit) => 'abcdefghij'[Number(digit)]).join('-')}`, STRANGER);
    if (i % 10 === 0) await sleep(10);
  }
};

export const fails: Answering = (_, res) => void res.writeHead(500, { 'content-type': 'text/plain' }).end('no');
const isLimited: Answering = (_, res) => void res.writeHead(429, { 'retry-after': '3600' }).end('{}');
const never: Answering = () => undefined;
/** By the path, so that each kind of request gets its own. */
const everything: Answering = (received, res) => {
  const kind = received.url.length % 3;
  if (kind === 0) fails(received, res);
  else if (kind === 1) isLimited(received, res);
  else succeeds(received, res);
};
const all: Attack = (scene, way, isOver) =>
  Promise.all(
    [failing, limited, spending(400), pipelining, discovering].map((one, i) =>
      one(scene, { way: way.way, path: `${way.path}${'2'.repeat(i)}` } as Way, isOver),
    ),
  );

export const budget = (requests: number) => (config: Document) =>
  config.setIn(
    ['upstreams', 'direct', 'rateBudget'],
    config.createNode({ requests, period: '1m', burst: 0, longestWait: '1s' }),
  );

const SMALL = budget(200);
export const ATTACKS: readonly [string, Answering, Attack, Edit][] = [
  ['has the CRM answer 500, many times a second', fails, failing, undefined],
  ['is answered 429 with Retry-After: 3600', isLimited, limited, budget(100_000)],
  ['sends twice what a rate budget of 200 a minute has', succeeds, spending(400), SMALL],
  ['pipelines 300 requests at once, which the CRM never answers', never, pipelining, undefined],
  ['asks for 510 paths that no route claims', succeeds, discovering, undefined],
  ['does all of that at once', everything, all, SMALL],
];

const quietRuns = new Map<Edit, number>();
/** Milliseconds of the slowest of a hundred while no stranger asks; a facade with the same settings is measured once. */
async function slowestAlone(way: Way, edit: Edit): Promise<number> {
  const known = quietRuns.get(edit);
  if (known !== undefined) return known;
  const scene = await started(edit);
  await warmUp(scene, way);
  const answers = await hundred(scene, way);
  expect(tally(answers.map(({ said }) => said))).toEqual({ '200 -': 100 });
  const ms = slowest(answers);
  quietRuns.set(edit, ms);
  return ms;
}

/**
 * Registers a test for each of these attacks on this way.
 * @param judged answers alone, or also how long they took: that says something on a machine that does little else.
 */
export function testAttacks(way: Way, attacks: typeof ATTACKS, judged: 'answers' | 'answers and times'): void {
  beforeAll(() => quietRuns.clear());

  describe.each(attacks)('a stranger that %s', (_, strangersGet, attack, edit) => {
    // The facade, its callers and the CRM share one loop here, and the machine is shared with others.
    test('costs 0 of 100 requests of a known caller anything', { retry: 2, timeout: 60_000 }, async () => {
      const alone = judged === 'answers' ? undefined : await slowestAlone(way, edit);
      const scene = await started(edit);
      scene.strangersGet = strangersGet;
      let isOver = false;
      const attacking = attack(scene, way, () => isOver).catch(() => undefined);
      await sleep(300);
      await warmUp(scene, way);
      // What Contact2Sale itself takes meanwhile, asked by the same loop without the facade.
      const straight = inBatches(50, 50, () => callAt(scene.direct.url, KNOWN));
      const answers = await hundred(scene, way);
      isOver = true;
      expect(tally(answers.map(({ said }) => said))).toEqual({ '200 -': 100 });
      const straightMs = slowest(await straight);
      await attacking;
      if (alone === undefined) return;
      const limit = Math.max(alone, straightMs) * 1.1;
      const late = answers.filter(({ ms }) => ms > limit).map(({ ms }) => `${Math.round(ms)} of ${Math.round(limit)}`);
      // A repetition is compared with the machine as it is then.
      if (late.length > 0) quietRuns.delete(edit);
      expect(late).toEqual([]);
    });
  });
}
