import type { Document } from 'yaml';
import type { Fault } from './faults.ts';
import type { Side } from './fate.ts';

/** Where a request can be when it meets a fault: its method, the stage of its route, and which side is broken. */

export type Method = 'GET' | 'POST' | 'PUT';
export type Stage = 'direct' | 'canary' | 'gateway' | 'retired' | 'passthrough';

export interface Situation {
  /** The route's id; `passthrough` where there is no route. */
  readonly route: string;
  readonly method: Method;
  readonly stage: Stage;
  readonly fallback: 'direct' | 'none';
  /** The sides that have the fault. */
  readonly broken: readonly Side[];
  /** A write that is said by its path alone. */
  readonly isBodiless?: boolean;
}

/** Does a request bring a body? */
export const hasBody = ({ method, isBodiless }: Situation): boolean => method !== 'GET' && !isBodiless;

/** The side that is asked first. */
export const sideOf = ({ stage }: Situation): Side =>
  stage === 'direct' || stage === 'passthrough' ? 'direct' : 'gateway';

/** What is shown as one table: stages between which no caller can tell a difference when the gateway is asked. */
export interface Group {
  readonly title: string;
  readonly says: string;
  readonly situations: readonly Situation[];
}

const METHODS: readonly Method[] = ['GET', 'POST', 'PUT'];

function situations(
  name: string,
  rest: Omit<Situation, 'route' | 'method'>,
  methods: readonly Method[] = METHODS,
): Situation[] {
  return methods.map((method) => ({
    route: rest.stage === 'passthrough' ? 'passthrough' : `${name}.${method.toLowerCase()}`,
    method,
    ...rest,
  }));
}

export const GROUPS: readonly Group[] = [
  {
    title: 'Contact2Sale has the fault, and serves',
    says: 'Stage `direct`. There is nobody else to ask.',
    situations: [
      ...situations('direct', { stage: 'direct', fallback: 'direct', broken: ['direct'] }),
      ...situations('direct.bare', { stage: 'direct', fallback: 'direct', broken: ['direct'], isBodiless: true }, [
        'POST',
      ]),
    ],
  },
  {
    title: 'The gateway has the fault, Contact2Sale is well, `fallback: direct`',
    says: 'Stage `gateway`, and stage `canary` for the requests that take the gateway: here one that is forced to.',
    situations: [
      ...situations('canary.direct', { stage: 'canary', fallback: 'direct', broken: ['gateway'] }),
      ...situations('gateway', { stage: 'gateway', fallback: 'direct', broken: ['gateway'] }),
    ],
  },
  {
    title: 'The gateway has the fault, `fallback: none`',
    says: 'Stage `retired`, and stage `canary` without a fallback.',
    situations: [
      ...situations('canary.none', { stage: 'canary', fallback: 'none', broken: ['gateway'] }),
      ...situations('retired', { stage: 'retired', fallback: 'none', broken: ['gateway'] }),
    ],
  },
  {
    title: 'Both sides have the fault, `fallback: direct`',
    says: 'Stage `gateway`. The breaker is that of the gateway path.',
    situations: situations('both', { stage: 'gateway', fallback: 'direct', broken: ['gateway', 'direct'] }),
  },
  {
    title: 'Contact2Sale has the fault, and no route claims the request',
    says: 'As a route with a direct path alone. One breaker serves all such requests; a single one, as here, does not open it.',
    situations: situations('', { stage: 'passthrough', fallback: 'none', broken: ['direct'] }, ['GET', 'POST']),
  },
];

export const SITUATIONS: readonly Situation[] = GROUPS.flatMap((group) => group.situations);

const SHARE: Readonly<Record<Stage, number>> = { direct: 0, canary: 50, gateway: 100, retired: 100, passthrough: 0 };

/** Attempts that judge a path: more than are made before the burst, fewer than with it. */
export const VOLUME = 10;

/** A table with a route for each situation, and for priming. @param patience how many times the short deadlines. */
export function tableFor(fault: Fault, served: readonly Situation[], patience: number): (config: Document) => void {
  const rows = served.filter(({ stage }) => stage !== 'passthrough').map(rowFor);
  const prime = {
    id: 'prime',
    direct: 'GET /integration/prime/:n',
    gateway: 'GET /prime/:n',
    rollout: { gateway: 50 },
  };
  const set = (config: Document, path: string[], value: unknown): void => config.setIn(path, config.createNode(value));
  return (config) => {
    set(config, ['server', 'forceHeader'], true);
    set(config, ['failover'], { budget: 1, minPerSecond: 10_000 });
    // One connection is either the kept one or a new one; several would be a mixture.
    const maxInflight = fault.onKept ? 1 : 1_000;
    for (const side of ['direct', 'gateway']) set(config, ['upstreams', side, 'maxInflight'], maxInflight);
    set(config, ['defaults', 'deadlines'], fault.isSlow ? short(patience) : LONG);
    set(config, ['defaults', 'breaker'], { volumeThreshold: VOLUME, reset: '60s' });
    set(config, ['routes'], [...rows, prime]);
  };
}

const short = (times: number) => ({
  connect: `${300 * times}ms`,
  firstByte: `${400 * times}ms`,
  idle: `${400 * times}ms`,
  total: `${1_200 * times}ms`,
});
/** Never reached: a busy machine must not turn one fault into another. */
const LONG = { connect: '10s', firstByte: '10s', idle: '10s', total: '15s' };

function rowFor(situation: Situation) {
  const { route, method, stage, fallback } = situation;
  const path = route.replaceAll('.', '-');
  return {
    id: route,
    direct: `${method} /integration/${path}/:n`,
    gateway: `${method} /${path}/:n`,
    rollout: { gateway: SHARE[stage], stickyBy: 'n', fallback },
    ...(hasBody(situation) ? { body: { fields: { text: { type: 'string', required: true } } } } : {}),
    ...(method === 'PUT' ? { safety: 'idempotent' } : {}),
  };
}
