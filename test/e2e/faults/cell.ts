import type { Dispatcher } from 'undici';
import { FACADE_TOKEN, type TestFacade } from '../kit/facade.ts';
import { inBatches } from '../kit/load.ts';
import type { Answer } from './expected.ts';
import type { Side } from './fate.ts';
import { PRIMING, type Fault } from './faults.ts';
import { untilIdle } from './leaks.ts';
import { hasBody, sideOf, type Situation } from './situations.ts';
import type { FaultyUpstream } from './upstreams.ts';

/** One situation under one fault: a few requests that are looked at one by one, a burst, and one more. */

export interface World {
  readonly facade: TestFacade;
  readonly sides: Readonly<Record<Side, FaultyUpstream>>;
  readonly caller: Dispatcher;
}

/** What a caller saw; how often its request was received is known at the end. */
export type Seen = Omit<Answer, 'received'> & { readonly id: string; readonly retryAfter: string | undefined };

export type BreakerState = 'closed' | 'half-open' | 'open' | '–';

export interface Cell {
  readonly situation: Situation;
  /** In each dialect, in turn. */
  readonly shots: Readonly<Record<Dialect, readonly Seen[]>>;
  readonly burst: readonly Seen[];
  readonly after: Seen | undefined;
  /** Of the side asked first, after the burst. */
  readonly breaker: BreakerState;
}

export type Dialect = 'direct' | 'gateway';
/** With the requests before it at least as many as judge a path (see VOLUME). */
const BURST = 8;

export async function runCell(world: World, fault: Fault, situation: Situation): Promise<Cell> {
  const { route, stage } = situation;
  const isPassthrough = stage === 'passthrough';
  const dialects: readonly Dialect[] = isPassthrough ? ['direct'] : ['direct', 'gateway'];
  let asked = 0;
  const call = async (dialect: Dialect): Promise<Seen> => {
    if (fault.onKept) await prime(world, situation);
    return ask(world, situation, dialect, `${dialect[0]}${++asked}`);
  };
  const one = fault.onKept ? 1 : 2;
  const shoot = async (dialect: Dialect): Promise<Seen[]> => inBatches(fault.shots ?? 1, 1, () => call(dialect));
  const [direct = [], gateway = []] = await inBatches(dialects.length, one, (i) => shoot(dialects[i] as Dialect));
  const isOrdered = fault.onKept || fault.shots !== undefined;
  const burst = isPassthrough
    ? []
    : await inBatches(BURST, isOrdered ? 1 : BURST, (i) => call(dialects[i % 2] as Dialect));
  const state = world.facade.dataPlane.snapshot.entries.find(({ model }) => model.id === route)?.state;
  const breaker = state?.breakerState(sideOf(situation)) ?? '–';
  const after = isPassthrough ? undefined : await call('direct');
  return { situation, shots: { direct, gateway }, burst, after, breaker };
}

/** Leaves a connection to each side behind that has served. */
async function prime({ facade, caller }: World, { stage }: Situation): Promise<void> {
  const sides = stage === 'passthrough' ? [stage] : (['direct', 'gateway'] as const);
  for (const side of sides) {
    await untilIdle(facade);
    const [method, path] = side === 'passthrough' ? (['OPTIONS', '/api/prime'] as const) : (['GET', '/prime'] as const);
    const headers = { authorization: `Bearer ${FACADE_TOKEN}`, 'x-facade-force': side };
    await (await caller.request({ origin: facade.url, path: `${path}/${PRIMING}`, method, headers })).body.dump();
  }
  await untilIdle(facade);
}

export function pathOf({ route, stage, method }: Situation, dialect: Dialect, id: string): string {
  if (stage === 'passthrough') return `/api/unclaimed-${method.toLowerCase()}/${id}`;
  return `${dialect === 'direct' ? '/integration' : ''}/${route.replaceAll('.', '-')}/${id}`;
}

async function ask({ facade, caller }: World, situation: Situation, dialect: Dialect, id: string): Promise<Seen> {
  const { method, stage } = situation;
  const answer = await caller.request({
    origin: facade.url,
    path: pathOf(situation, dialect, id),
    method,
    headers: {
      authorization: `Bearer ${FACADE_TOKEN}`,
      ...(hasBody(situation) ? { 'content-type': 'application/json' } : {}),
      ...(stage === 'canary' ? { 'x-facade-force': 'gateway' } : {}),
    },
    body: hasBody(situation) ? '{"text":"invented"}' : null,
  });
  const text = await answer.body.text().catch(() => undefined);
  const header = (name: string): string | undefined => answer.headers[name]?.toString();
  return {
    id,
    status: answer.statusCode,
    path: header('x-facade-path') ?? '–',
    outcome: header('x-facade-outcome'),
    isWhole: text !== undefined && (answer.statusCode !== 200 || text === `{"id":"${id}"}`),
    retryAfter: header('retry-after'),
  };
}

/** How often each side received a request. */
export function receivedBy({ sides }: World, situation: Situation, id: string): Answer['received'] {
  const end = `${pathOf(situation, 'gateway', id)}`;
  const count = (side: Side): number => sides[side].received.filter((target) => target.endsWith(end)).length;
  return { direct: count('direct'), gateway: count('gateway') };
}
