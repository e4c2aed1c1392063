import { readFileSync } from 'node:fs';
import { UPSTREAM_BUCKETS } from '../../../src/facade/observe/metrics.ts';
import { GC_BUCKETS } from '../../../src/http/gc-buckets.ts';
import { INSTANCE, SCRAPE_DURATION_S, SCRAPE_INTERVAL_S } from './backfill.ts';
import {
  GATEWAY_DELAY_MS,
  HANGING,
  ROUTE,
  WORK_API_DELAY_MS,
  type Happened,
  type Instant,
  type OfProcess,
  type Played,
} from './panel-scene.ts';

/**
 * What every panel must show, worked out of what was sent. Rates of steady traffic are exact: the same is sent between any two
 * scrapes. Where a number has room, `why` says what for.
 */

/** A number, or from and to. */
type Value = number | readonly [low: number, high: number];

export interface Shown {
  readonly at: Instant | 'now';
  /** Chosen on the dashboard; left out: leads.get. */
  readonly route?: string;
  /** By legend, of a table by route. What is not named must not be there, or be 0 where `zeros` says so. */
  readonly values: Readonly<Record<string, Value>>;
  readonly zeros?: boolean;
  /** Share by which a number may be off. */
  readonly within?: number;
  /** What the room, or what is not shown, is for. */
  readonly why?: string;
}

/** `file / title`, and the letter of the query. */
export type Numbers = Readonly<Record<string, Readonly<Record<string, readonly Shown[]>>>>;

const MINUTE = 60 / SCRAPE_INTERVAL_S;
const FIVE = 5 * MINUTE;
export const EXACT = 1e-6;
const RESTART = 'the counters of a process begin with its first scrape, and a window is filled up to its ends';
const INTERPOLATED = 'a quantile is interpolated within a bucket';
const AUTOPILOT = 'queues.list';
const MESSAGES = 'leads.messages.create';

export function numbers(played: Played): Numbers {
  const facts = new Facts(played);
  return { ...overview(facts), ...route(facts), ...enrichment(facts), ...processNumbers(facts) };
}

type Filter = Partial<Pick<Happened, 'what' | 'route' | 'path' | 'result' | 'status'>>;

class Facts {
  readonly played: Played;

  constructor(played: Played) {
    this.played = played;
  }

  at(instant: Instant): number {
    return this.played.instants[instant];
  }

  /** What happened in so many stamps before the instant. */
  list(filter: Filter, instant: Instant, stamps = MINUTE): Happened[] {
    const last = this.at(instant);
    return this.played.happened.filter(
      (one) =>
        one.stamp <= last &&
        one.stamp > last - stamps &&
        Object.entries(filter).every(([key, value]) => one[key as keyof Filter] === value),
    );
  }

  count(filter: Filter, instant: Instant, stamps = MINUTE): number {
    return this.list(filter, instant, stamps).length;
  }

  /** A second. */
  rate(filter: Filter, instant: Instant, stamps = MINUTE): number {
    return this.count(filter, instant, stamps) / (stamps * SCRAPE_INTERVAL_S);
  }

  /** Rates by the value of a key; those of 0 are left out. */
  rates(filter: Filter, by: 'path' | 'result' | 'status', instant: Instant, stamps = MINUTE): Record<string, number> {
    const all = this.list(filter, instant, stamps);
    const keys = [...new Set(all.map((one) => String(one[by])))];
    const seconds = stamps * SCRAPE_INTERVAL_S;
    return Object.fromEntries(keys.map((key) => [key, all.filter((one) => String(one[by]) === key).length / seconds]));
  }

  /** Of the requests on the two paths, on the gateway. */
  gatewayShare(instant: Instant, stamps: number, route?: string): number {
    const of = (path: string): number =>
      this.count({ what: 'request', path, ...(route && { route }) }, instant, stamps);
    return of('gateway') / (of('gateway') + of('direct'));
  }

  /** Between the delay of the path, and the bound above the longest that a caller waited. */
  latency(path: string, instant: Instant, stamps: number, route?: string): readonly [number, number] {
    const waited = this.list({ what: 'request', path, ...(route && { route }) }, instant, stamps).map(
      ({ ms = 0 }) => ms,
    );
    const low = path === 'gateway' ? GATEWAY_DELAY_MS / 1_000 : 0;
    return [low * 0.9, boundAbove(UPSTREAM_BUCKETS, Math.max(...waited) / 1_000)];
  }

  process(instant: Instant): OfProcess {
    const found = this.played.ofProcess.get(this.at(instant));
    if (!found) throw new Error(`nothing is known of the process at ${instant}`);
    return found;
  }

  /** Seconds since 1970. */
  time(instant: Instant): number {
    return this.played.pages[this.at(instant)]?.at ?? NaN;
  }

  /** For each route a value; those without are left out. */
  byRoute(value: (route: string) => Value | undefined): Record<string, Value> {
    return Object.fromEntries(
      this.played.routes.flatMap((route) => {
        const found = value(route);
        return found === undefined || Number.isNaN(found) ? [] : [[route, found] as const];
      }),
    );
  }

  /** The share of failed attempts on the gateway of a route; each failover is one attempt that failed. */
  failedOnGateway(instant: Instant, route: string): number {
    const over = this.count({ what: 'failover', route }, instant, FIVE);
    return over / (over + this.count({ what: 'request', path: 'gateway', route }, instant, FIVE));
  }
}

function boundAbove(bounds: readonly number[], value: number): number {
  return bounds.find((bound) => bound >= value) ?? bounds.at(-1) ?? Infinity;
}

const PLANNED: Readonly<Record<string, number>> = { [ROUTE]: 0.5, [MESSAGES]: 1 };
const SHADOWED: Readonly<Record<string, number>> = { 'tags.list': 1, 'sellers.list': 1, [AUTOPILOT]: 1 };
/** Half of the comparisons are of direct with itself, and few: proved is less than seen. */
const PARITY_PROVED: Readonly<Record<string, Value>> = {
  'tags.list': [0.5, 0.999],
  'sellers.list': 0,
  [AUTOPILOT]: [0.3, 0.999],
};
const PROVED_WHY = 'the lower end of an interval, which this test does not work out again';

function overview(facts: Facts): Numbers {
  const name = (title: string): string => `migration-overview.json / ${title}`;
  const share5 = (instant: Instant): number => facts.gatewayShare(instant, FIVE);
  const migrated = (instant: Instant): Shown => ({
    at: instant,
    values: { migrated: facts.gatewayShare(instant, facts.at(instant) + 1) },
    within: 0.03,
    why: 'the reads and messages of the enrichments go through the table, too, and nobody here counts them',
  });
  const paths = ['direct', 'gateway', 'passthrough'];
  const latencies = (instant: Instant): Record<string, Value> =>
    Object.fromEntries(paths.map((path) => [path, facts.latency(path, instant, FIVE)]));
  const perRoute = (value: (route: string) => Value | undefined, more: Partial<Shown> = {}): Shown[] => [
    { at: 'steady', values: facts.byRoute(value), ...more },
  ];
  const twoSided = (route: string): boolean => facts.played.twoSided.includes(route);
  const asked = (route: string, path: string, instant: Instant): boolean =>
    facts.count({ what: 'request', route, path }, instant, FIVE) > 0;
  const planned = facts.byRoute((route) => (twoSided(route) ? (PLANNED[route] ?? 0) : undefined));
  return {
    [name('Traffic on the gateway')]: {
      A: [
        { at: 'steady', values: { gateway: share5('steady') } },
        { at: 'killed', values: { gateway: share5('killed') } },
      ],
    },
    [name('Migrated')]: { A: [migrated('steady'), migrated('dead'), migrated('end')] },
    [name('Callers failed')]: {
      A: [
        { at: 'steady', values: { failed: 0 } },
        { at: 'dead', values: { failed: 0 }, why: 'direct answered for the gateway' },
        {
          at: 'end',
          values: { failed: 0 },
          why: 'the message that was cut off is the first 502, whose series begins with it. FacadeUnknownWrites tells of it',
        },
      ],
    },
    [name('p95 for callers')]: {
      A: [
        {
          at: 'steady',
          values: { p95: [GATEWAY_DELAY_MS / 1_000, facts.latency('gateway', 'steady', FIVE)[1] * 2.5] },
          why: INTERPOLATED,
        },
      ],
    },
    [name('Breakers not closed')]: {
      A: [
        { at: 'steady', values: { 'not closed': 0 } },
        { at: 'dead', values: { 'not closed': 1 } },
      ],
    },
    [name('Kill switch / stat')]: {
      A: [
        { at: 'dead', values: { 'kill switch': 0 } },
        { at: 'killed', values: { 'kill switch': 1 } },
        { at: 'end', values: { 'kill switch': 0 } },
      ],
    },
    [name('Newest table')]: {
      A: [
        { at: 'steady', values: { 'newest table': 1 } },
        { at: 'end', values: { 'newest table': 0 } },
      ],
    },
    [name('Alerts firing')]: {
      // FacadeWritesNotVerified: of those that wait for nothing it is the only one whose reason is there.
      A: [
        { at: 'steady', values: { firing: 0 } },
        { at: 'now', values: { firing: 1 } },
      ],
    },
    [name('Routes by stage')]: {
      A: [{ at: 'steady', values: { gateway: 1 } }],
      B: [{ at: 'steady', values: { canary: 1 } }],
      C: [{ at: 'steady', values: { shadow: 3 } }],
      D: [{ at: 'steady', values: { direct: Object.keys(planned).length - 5 } }],
    },
    [name('Share of the traffic on the gateway')]: {
      A: [{ at: 'steady', values: { 'answered by the gateway': share5('steady') } }],
      B: [migrated('steady')],
    },
    [name('Planned share, by route')]: { A: [{ at: 'steady', values: planned }] },
    [name('Routes')]: {
      A: [{ at: 'steady', values: planned }],
      B: perRoute((route) => facts.gatewayShare('steady', FIVE, route)),
      C: perRoute((route) => (twoSided(route) ? (SHADOWED[route] ?? 0) : undefined)),
      D: [
        {
          at: 'steady',
          values: {
            ...facts.byRoute((route) => facts.rate({ what: 'request', route }, 'steady', FIVE)),
            passthrough: facts.rate({ what: 'request', route: 'passthrough' }, 'steady', FIVE),
          },
        },
      ],
      E: perRoute((route) => (asked(route, 'direct', 'steady') ? 0 : undefined)),
      F: [
        ...perRoute((route) => (asked(route, 'gateway', 'steady') ? 0 : undefined)),
        {
          at: 'dead',
          values: facts.byRoute((route) => facts.failedOnGateway('dead', route)),
        },
      ],
      G: perRoute(
        (route) => (asked(route, 'direct', 'steady') ? facts.latency('direct', 'steady', FIVE, route) : undefined),
        { why: INTERPOLATED },
      ),
      H: perRoute(
        (route) => (asked(route, 'gateway', 'steady') ? facts.latency('gateway', 'steady', FIVE, route) : undefined),
        { why: INTERPOLATED },
      ),
      I: [{ at: 'steady', values: PARITY_PROVED, why: PROVED_WHY }],
      J: [
        {
          at: 'steady',
          values: { [AUTOPILOT]: facts.played.told.get(facts.at('steady'))?.autopilot[AUTOPILOT] ?? NaN },
        },
      ],
    },
    [name('Requests answered')]: { A: [{ at: 'steady', values: facts.rates({ what: 'request' }, 'path', 'steady') }] },
    [name('Failed attempts')]: {
      A: [
        { at: 'steady', values: { direct: 0, gateway: 0, passthrough: 0 } },
        {
          at: 'dead',
          values: { direct: 0, passthrough: 0, gateway: failedAttempts(facts, 'dead') },
        },
      ],
    },
    [name('What callers saw fail')]: {
      A: [
        {
          at: 'dead',
          values: { direct: 0, passthrough: 0 },
          why: 'direct answered for the gateway, which answered nothing',
        },
      ],
    },
    [name('Latency p50')]: { A: [{ at: 'steady', values: latencies('steady'), why: INTERPOLATED }] },
    [name('Latency p95')]: { A: [{ at: 'steady', values: latencies('steady'), why: INTERPOLATED }] },
    [name('Latency p99')]: { A: [{ at: 'steady', values: latencies('steady'), why: INTERPOLATED }] },
    [name('Latency ratio (p95)')]: {
      A: [
        {
          at: 'steady',
          values: { [ROUTE]: [1, 30] },
          why: `the gateway is held back by ${GATEWAY_DELAY_MS} ms; ${INTERPOLATED}`,
        },
      ],
    },
    [name('Error difference')]: {
      A: [
        { at: 'steady', values: { [ROUTE]: 0 } },
        {
          at: 'dead',
          values: facts.byRoute((route) =>
            route === ROUTE || route === MESSAGES ? facts.failedOnGateway('dead', route) : undefined,
          ),
        },
      ],
    },
    [name('Parity')]: { A: [{ at: 'steady', values: PARITY_PROVED, why: PROVED_WHY }] },
    [name('Shadows')]: { A: [{ at: 'steady', values: facts.rates({ what: 'shadow' }, 'result', 'steady') }] },
    [name('Autopilot decisions')]: {
      A: [
        {
          at: 'steady',
          values: { hold: 1 / SCRAPE_INTERVAL_S },
          zeros: true,
          why: 'one route is on autopilot, which looks every 15 s',
        },
      ],
    },
    [name('Writes read back')]: {
      A: [
        { at: 'steady', values: facts.rates({ what: 'verify' }, 'result', 'steady'), zeros: true },
        { at: 'end', values: facts.rates({ what: 'verify' }, 'result', 'end'), zeros: true },
      ],
    },
    [name('Breakers')]: {
      A: [
        { at: 'steady', values: {} },
        { at: 'dead', values: { [`${ROUTE} gateway`]: 2 } },
      ],
    },
    [name('Health checks')]: {
      A: [
        { at: 'steady', values: { direct: 1 } },
        { at: 'end', values: { direct: 1 } },
      ],
    },
    [name('Failovers')]: {
      A: [
        { at: 'steady', values: {}, zeros: true },
        { at: 'dead', values: failovers(facts), zeros: true },
      ],
    },
    [name('Failover share, by route')]: {
      A: [
        { at: 'steady', values: { [ROUTE]: 0, [MESSAGES]: 0 } },
        {
          at: 'dead',
          values: facts.byRoute((route) => facts.failedOnGateway('dead', route)),
        },
      ],
    },
    [name('Unknown writes')]: {
      A: [
        { at: 'steady', values: {} },
        { at: 'end', values: { arrived: 1 } },
      ],
    },
    [name('Held back by the facade')]: {
      A: [
        { at: 'steady', values: {}, zeros: true },
        {
          at: 'dead',
          values: { 'gateway facade_breaker_open': facts.rate({ what: 'failover', route: ROUTE }, 'dead') },
          zeros: true,
        },
      ],
    },
    [name('Config loads')]: {
      A: [
        { at: 'steady', values: {}, zeros: true },
        { at: 'end', values: { failure: 1 }, zeros: true, within: 0.1, why: RESTART },
      ],
    },
    [name('Kill switch / timeseries')]: {
      A: [
        { at: 'steady', values: { instances: 0 } },
        { at: 'killed', values: { instances: 1 } },
      ],
    },
    [name('Passthrough')]: {
      A: [
        {
          at: 'steady',
          values: {
            passthrough:
              facts.count({ what: 'request', path: 'passthrough' }, 'steady') /
              facts.count({ what: 'request' }, 'steady'),
          },
        },
      ],
    },
  };
}

function failedAttempts(facts: Facts, instant: Instant): number {
  const over = facts.count({ what: 'failover' }, instant, FIVE);
  return over / (over + facts.count({ what: 'request', path: 'gateway' }, instant, FIVE));
}

/** Reads find the breaker open; messages have none, and find nobody there. */
function failovers(facts: Facts, isOfRoute = false): Record<string, number> {
  return {
    facade_breaker_open: facts.rate({ what: 'failover', route: ROUTE }, 'dead'),
    ...(!isOfRoute && { upstream_connect: facts.rate({ what: 'failover', route: MESSAGES }, 'dead') }),
  };
}

function route(facts: Facts): Numbers {
  const name = (title: string): string => `route.json / ${title}`;
  const of = { what: 'request', route: ROUTE } as const;
  const latencies: Shown[] = [
    {
      at: 'steady',
      values: {
        direct: facts.latency('direct', 'steady', FIVE, ROUTE),
        gateway: facts.latency('gateway', 'steady', FIVE, ROUTE),
      },
      why: INTERPOLATED,
    },
  ];
  const buckets = (path: string): Shown[] => {
    const all = facts.rate({ ...of, path }, 'steady');
    const longest = Math.max(...facts.list({ ...of, path }, 'steady').map(({ ms = 0 }) => ms)) / 1_000;
    const least = path === 'gateway' ? GATEWAY_DELAY_MS / 1_000 : 0;
    const bounds = UPSTREAM_BUCKETS.map((bound): [string, Value] => {
      if (bound >= longest) return [String(bound), all];
      return [String(bound), bound < least ? 0 : [0, all]];
    });
    return [
      {
        at: 'steady',
        values: Object.fromEntries([...bounds, ['+Inf', all]]),
        why: 'callers wait longer than attempts take',
      },
    ];
  };
  const attempts = facts.rates(of, 'path', 'steady');
  const deadShare = facts.failedOnGateway('dead', ROUTE);
  return {
    [name('Planned on the gateway')]: { A: [{ at: 'steady', values: { planned: 0.5 } }] },
    [name('Answered by the gateway')]: {
      A: [{ at: 'steady', values: { answered: facts.gatewayShare('steady', FIVE, ROUTE) } }],
    },
    [name('Shadowed')]: {
      A: [
        { at: 'steady', values: { shadowed: 0 } },
        { at: 'steady', route: 'tags.list', values: { shadowed: 1 } },
      ],
    },
    [name('Parity, guaranteed')]: {
      A: [
        { at: 'steady', values: {}, why: 'leads.get was never compared' },
        { at: 'steady', route: 'sellers.list', values: { parity: 0 } },
        { at: 'steady', route: 'tags.list', values: { parity: PARITY_PROVED['tags.list'] ?? NaN }, why: PROVED_WHY },
      ],
    },
    [name('Breaker, gateway')]: {
      A: [
        { at: 'steady', values: { gateway: 0 } },
        { at: 'dead', values: { gateway: 2 } },
      ],
    },
    [name('Autopilot step')]: {
      A: [
        { at: 'steady', values: {}, why: 'leads.get is steered by hand' },
        {
          at: 'steady',
          route: AUTOPILOT,
          values: { step: facts.played.told.get(facts.at('steady'))?.autopilot[AUTOPILOT] ?? NaN },
        },
      ],
    },
    [name('Requests answered')]: {
      A: [
        { at: 'steady', values: attempts },
        { at: 'dead', values: facts.rates(of, 'path', 'dead'), zeros: true },
      ],
    },
    [name('Failed attempts')]: {
      A: [
        { at: 'steady', values: { direct: 0, gateway: 0 } },
        { at: 'dead', values: { direct: 0, gateway: deadShare } },
      ],
    },
    [name('What callers saw fail')]: {
      A: [
        { at: 'steady', values: { direct: 0, gateway: 0 } },
        { at: 'dead', values: { direct: 0 }, why: 'direct answered for the gateway, which answered nothing' },
      ],
    },
    [name('Latency p50')]: { A: latencies },
    [name('Latency p95')]: { A: latencies },
    [name('Latency p99')]: { A: latencies },
    [name('Latency of direct')]: { A: buckets('direct') },
    [name('Latency of gateway')]: { A: buckets('gateway') },
    [name('Status, direct')]: {
      A: [{ at: 'steady', values: facts.rates({ ...of, path: 'direct' }, 'status', 'steady') }],
    },
    [name('Status, gateway')]: {
      A: [{ at: 'steady', values: facts.rates({ ...of, path: 'gateway' }, 'status', 'steady') }],
    },
    [name('Attempts by outcome')]: {
      A: [
        {
          at: 'steady',
          values: { 'direct ok': attempts['direct'] ?? NaN, 'gateway ok': attempts['gateway'] ?? NaN },
          zeros: true,
        },
        {
          at: 'dead',
          values: {
            'direct ok': facts.rate({ ...of, path: 'direct' }, 'dead'),
            'gateway facade_breaker_open': facts.rate({ what: 'failover', route: ROUTE }, 'dead'),
          },
          zeros: true,
        },
      ],
    },
    [name('Rollout')]: {
      A: [{ at: 'steady', values: { gateway: 0.5 } }],
      B: [{ at: 'steady', values: { shadow: 0 } }],
    },
    [name('Parity')]: {
      A: [
        { at: 'steady', values: {}, why: 'leads.get was never compared' },
        { at: 'steady', route: 'tags.list', values: { seen: 1 } },
        { at: 'steady', route: 'sellers.list', values: { seen: 0 } },
      ],
      B: [
        { at: 'steady', values: {}, why: 'leads.get was never compared' },
        {
          at: 'steady',
          route: 'tags.list',
          values: { guaranteed: PARITY_PROVED['tags.list'] ?? NaN },
          why: PROVED_WHY,
        },
      ],
    },
    [name('Shadows')]: {
      A: ['tags.list', 'sellers.list'].map((shadowed) => ({
        at: 'steady' as const,
        route: shadowed,
        values: facts.rates({ what: 'shadow', route: shadowed }, 'result', 'steady'),
        within: 0.5,
        why: 'direct is compared with itself by lot, so that it is half only over time',
      })),
    },
    [name('Gateway against direct')]: {
      A: [
        {
          at: 'steady',
          values: { 'p95 gateway / direct': [1, 30] },
          why: `the gateway is held back by ${GATEWAY_DELAY_MS} ms; ${INTERPOLATED}`,
        },
      ],
    },
    [name('Failovers')]: {
      A: [
        { at: 'steady', values: {}, zeros: true },
        { at: 'dead', values: failovers(facts, true), zeros: true },
      ],
    },
    [name('Failover share')]: { A: [{ at: 'dead', values: { 'failed over': deadShare } }] },
    [name('Breakers')]: {
      A: [
        { at: 'steady', values: { direct: 0, gateway: 0 } },
        { at: 'dead', values: { direct: 0, gateway: 2 } },
      ],
    },
    [name('Autopilot decisions')]: {
      A: [{ at: 'steady', route: AUTOPILOT, values: { hold: 1 / SCRAPE_INTERVAL_S }, zeros: true }],
    },
    [name('Writes read back')]: {
      A: [{ at: 'end', route: MESSAGES, values: facts.rates({ what: 'verify' }, 'result', 'end'), zeros: true }],
    },
  };
}

function enrichment(facts: Facts): Numbers {
  const name = (title: string): string => `enrichment.json / ${title}`;
  const last = facts.list({ what: 'enrichment' }, 'end', 60 * MINUTE);
  const undelivered = last.filter(({ result }) => result === 'refused').length;
  const longest = Math.max(...last.map(({ ms = 0 }) => ms)) / 1_000;
  const BUCKETS = [0.025, 0.1, 0.5, 2.5, 10, 60];
  const any: Value = [0, boundAbove(BUCKETS, longest)];
  const asked: Value = [boundBelow(BUCKETS, WORK_API_DELAY_MS / 1_000), boundAbove(BUCKETS, longest)];
  const steps = ['lead', 'identify', 'compose', 'store', 'send'];
  const durations = Object.fromEntries([...steps.map((step) => [step, any] as const), ['enrich', asked] as const]);
  const each = last.length / 60;
  const traffic = (instant: Instant): Record<string, number> =>
    Object.fromEntries(
      [ROUTE, MESSAGES].flatMap((one) => {
        const rates = facts.rates({ what: 'request', route: one }, 'path', instant);
        return Object.entries(rates).map(([path, rate]) => [`${one} ${path}`, rate]);
      }),
    );
  return {
    [name('Enrichments')]: {
      A: [
        { at: 'steady', values: { 'last hour': 0 }, why: 'the first one was more than an hour ago' },
        { at: 'end', values: { 'last hour': last.length }, within: 0.02, why: RESTART },
      ],
    },
    [name('Jobs given up')]: {
      A: [
        { at: 'steady', values: { 'given up': 0 } },
        { at: 'end', values: { 'given up': undelivered } },
      ],
    },
    [name('Slowest step (p95)')]: {
      A: [
        { at: 'steady', values: {}, why: 'there was none' },
        { at: 'end', values: { slowest: asked }, why: INTERPOLATED },
      ],
    },
    [name('Messages not delivered')]: {
      A: [
        { at: 'steady', values: {}, why: 'there was none' },
        { at: 'end', values: { 'not delivered': undelivered / last.length } },
      ],
    },
    [name('Enrichments by result')]: {
      A: [{ at: 'end', values: facts.rates({ what: 'enrichment' }, 'result', 'end'), zeros: true }],
    },
    [name('Jobs by state')]: {
      A: [
        { at: 'steady', values: { done: 1 }, zeros: true },
        { at: 'end', values: { done: 1 + last.length - undelivered, failed: undelivered }, zeros: true },
      ],
    },
    [name('Requests to its endpoints')]: {
      A: [
        {
          at: 'end',
          values: {},
          zeros: true,
          why: 'the series of a status begins with its first answer, which is no rise',
        },
      ],
    },
    [name('Step duration (p95)')]: { A: [{ at: 'end', values: durations, why: INTERPOLATED }] },
    [name('Step duration (p50)')]: { A: [{ at: 'end', values: durations, why: INTERPOLATED }] },
    [name('Steps by result')]: {
      A: [
        {
          at: 'end',
          values: {
            ...Object.fromEntries(
              ['lead', 'identify', 'compose', 'store', 'enrich'].map((step) => [`${step} ok`, each]),
            ),
            'lead ok': [each, 3 * each],
            'send end': each,
          },
          zeros: true,
          why: 'the series of a step that fails begins with the first failure, which is no rise',
        },
      ],
    },
    [name('Its traffic on the table')]: { A: [{ at: 'steady', values: traffic('steady'), zeros: true }] },
  };
}

function boundBelow(bounds: readonly number[], value: number): number {
  return [...bounds].reverse().find((bound) => bound <= value) ?? 0;
}

function processNumbers(facts: Facts): Numbers {
  const name = (title: string): string => `process.json / ${title}`;
  const now = facts.process('steady');
  const before = facts.played.ofProcess.get(facts.at('steady') - MINUTE);
  const sincePages = 'it is read a moment after the page';
  const collectionsOf = (stamps: number): OfProcess['collections'] =>
    [...facts.played.ofProcess]
      .filter(([stamp]) => stamp <= facts.at('steady') && stamp > facts.at('steady') - stamps)
      .flatMap(([, one]) => one.collections);
  // What falls between a page and its reading is in the next page.
  const [least, collections] = [collectionsOf(MINUTE - 1), collectionsOf(MINUTE + 1)];
  const kinds = [...new Set(collections.map(({ kind }) => kind))];
  const spent = (kind: string, all = collections): number =>
    all.filter((one) => one.kind === kind).reduce((sum, { took }) => sum + took, 0) / 60;
  const longest = (kind: string): number =>
    Math.max(...collections.filter((one) => one.kind === kind).map(({ took }) => took));
  const lag: Value = [0, Math.max(now.longestLag, 0.02) * 1.5];
  const held = (type: string): number => now.resources.filter((one) => one === type).length;
  const limit = Number(/Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
  const samples = (facts.played.pages[facts.at('steady')]?.text ?? '')
    .split('\n')
    .filter((line) => /^[a-z]/.test(line));
  const own = (legend: string, value: Value): Record<string, Value> => ({ [`${INSTANCE}${legend}`]: value });
  const direct = facts.rate({ what: 'request', path: 'direct' }, 'steady');
  const copies = facts.rate({ what: 'shadow', result: 'noise' }, 'steady') + facts.rate({ what: 'verify' }, 'steady');
  return {
    [name('Instances up')]: {
      A: [{ at: 'steady', values: { up: 1 } }],
    },
    [name('Youngest process')]: {
      A: [
        {
          at: 'end',
          values: {
            age: [facts.time('end') - facts.played.startedAt - 2, facts.time('end') - facts.played.startedAt + 2],
          },
          why: 'the start is known to the second',
        },
      ],
    },
    [name('Event loop lag (p99)')]: {
      A: [{ at: 'steady', values: { lag }, why: 'measured beside, over the whole run' }],
    },
    [name('Tables in service')]: { A: [{ at: 'steady', values: { tables: 1 } }] },
    [name('Event loop lag')]: {
      A: [{ at: 'steady', values: own(' p50', lag), why: 'measured beside, over the whole run' }],
      B: [{ at: 'steady', values: own(' p99', lag), why: 'measured beside, over the whole run' }],
      C: [{ at: 'steady', values: own(' max', lag), why: 'measured beside, over the whole run' }],
    },
    [name('CPU')]: {
      A: [{ at: 'steady', values: own('', (now.cpu - (before?.cpu ?? NaN)) / 60), within: 0.2, why: sincePages }],
    },
    [name('Memory')]: {
      A: [{ at: 'steady', values: own(' resident', now.memory.rss), within: 0.1, why: sincePages }],
      B: [{ at: 'steady', values: own(' heap used', now.memory.heapUsed), within: 0.3, why: sincePages }],
      C: [{ at: 'steady', values: own(' heap', now.memory.heapTotal), within: 0.2, why: sincePages }],
    },
    [name('Time in garbage collection')]: {
      A: [
        {
          at: 'steady',
          values: Object.fromEntries(
            kinds.map((kind) => [`${INSTANCE} ${kind}`, [spent(kind, least) * 0.99, spent(kind) * 1.01] as const]),
          ),
          zeros: true,
          why: 'a collection between a page and its reading is in the next page',
        },
      ],
    },
    [name('Longest collections (p99)')]: {
      A: [
        {
          at: 'steady',
          values: Object.fromEntries(
            kinds.map((kind) => [`${INSTANCE} ${kind}`, [0, boundAbove(GC_BUCKETS, longest(kind) * 1.01)] as const]),
          ),
          why: `${INTERPOLATED}, and no longer than the bound above the longest`,
        },
      ],
    },
    [name('What the process holds')]: {
      A: [
        {
          at: 'steady',
          values: Object.fromEntries(
            [...new Set(now.resources)].map(
              (type) => [type, type === 'TCPServerWrap' ? held(type) : [0, 2 * held(type) + 20]] as const,
            ),
          ),
          why: 'connections and timers come and go; listeners stay',
        },
      ],
    },
    [name('Requests under way')]: {
      A: [
        { at: 'steady', values: { direct: 0, gateway: 0 } },
        { at: 'end', values: { direct: HANGING, gateway: 0 } },
      ],
    },
    [name('Turned away')]: { A: [{ at: 'steady', values: {}, zeros: true }] },
    [name('Connections of callers')]: { A: [{ at: 'steady', values: own('', now.connections) }] },
    [name('Wait for the rate budget (p95)')]: {
      A: [{ at: 'steady', values: { direct: [0, 0.01] }, why: `nobody has to wait; ${INTERPOLATED}` }],
    },
    [name('Granted by the rate budget')]: {
      A: [
        {
          at: 'steady',
          values: { direct: [direct, direct + copies + EXACT] },
          zeros: true,
          why: 'copies and read-backs take their part of it',
        },
      ],
    },
    [name('File descriptors in use')]: {
      A: [{ at: 'steady', values: own('', now.files / limit), within: 0.2, why: sincePages }],
    },
    [name('Log lines dropped')]: { A: [{ at: 'steady', values: {}, zeros: true }] },
    [name('Time to read the metrics')]: { A: [{ at: 'steady', values: own('', SCRAPE_DURATION_S) }] },
    [name('Series')]: { A: [{ at: 'steady', values: own('', samples.length) }] },
  };
}
