import type { DecisionRecord, Report } from '../../../src/facade/compare/autopilot/ports.ts';
import { startGateway } from '../../../src/c2s/gateway/index.ts';
import { startContact2Sale, type SandboxOperationId } from '../../../src/c2s/sandbox/index.ts';
import type { Migration } from '../../../src/facade/steer/migration.ts';
import { TWO_SIDED } from './examples.ts';
import { C2S_TOKEN, setRoute, startFacade, type TestFacade } from './facade.ts';
import { FakeCalendar } from './fake-calendar.ts';
import { startFaultyGateway, type FaultKind } from './faulty-gateway.ts';
import { Opened } from './load.ts';
import { CALLERS, Replay } from './replay.ts';

/**
 * A whole migration in half a minute: the app and the gateway as they are, the sandbox behind them, all 26 routes with
 * two endpoints on autopilot with holds of half an hour, and a calendar that is moved. Of every five minutes a second and a half
 * is replayed, at 200 requests a second; the rest is let pass. Reads prove themselves by their shadows. Writes have
 * none: a human takes their first step, and from there the live gates and what is read back carry them. At 25 % three
 * routes go bad, one for each kind of proof.
 */

export const ROUTES: readonly SandboxOperationId[] = TWO_SIDED.map(({ id }) => id);
const WRITES = TWO_SIDED.filter(({ method }) => method !== 'GET').map(({ id }) => id);

interface Fault {
  readonly pattern: RegExp;
  readonly kind: FaultKind;
  /** The gates of which one must have broken. */
  readonly gates: RegExp;
}
export const FAULTS: Partial<Record<string, Fault>> = {
  'leads.get': { pattern: /^GET \/leads\/[^/]+$/, kind: 'wrong', gates: /parity/ },
  'tags.list': { pattern: /^GET \/tags$/, kind: 'errors', gates: /breaker|errorRate|parity/ },
  'leads.messages.create': { pattern: /^POST \/leads\/[^/]+\/messages$/, kind: 'lost', gates: /readBack/ },
};

const MINUTE = 60_000;
const EVERY = 5 * MINUTE;
const ROUNDS = 10;
const BEGIN = Date.UTC(2026, 10, 23, 8);
const LONGEST = 12 * 60 * MINUTE;
const FIRST_STEP = 10;

const AUTOPILOT = {
  mode: 'apply',
  steps: [FIRST_STEP, 25, 50, 100],
  hold: '30m',
  minRequests: 5,
  gates: { errorRateDelta: 0.02, latencyP95Ratio: 2, latencyFloor: '250ms' },
};

/** What is to be seen after five minutes. */
export interface Look {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reports: readonly Report[];
  readonly stages: Migration['stages'];
  /** Of the traffic just replayed, on the gateway; 0..1. */
  readonly share: number | null;
}

export interface Migrated {
  readonly requests: number;
  readonly errors: number;
  readonly highest: ReadonlyMap<string, number>;
  readonly burnDown: readonly Look[];
  /** Of the routes that went bad: why they were rolled back, first things first. */
  readonly falls: ReadonlyMap<string, readonly DecisionRecord[]>;
}

/** @param show hears of every look. Ends by itself, at the latest when half a day of the calendar is over. */
export async function migrate(show: (look: Look) => void): Promise<Migrated> {
  const opened = new Opened();
  try {
    const calendar = new FakeCalendar(BEGIN);
    const { facade, gateway } = await startScene(opened, calendar);
    const traffic = opened.keep(new Replay(facade, calendar));
    const human = new Human(facade);
    const highest = new Map<string, number>();
    const burnDown: Look[] = [];
    let look: Look | undefined;
    const isOver = () => look?.reports.every((report) => isDone(report, highest.get(report.route) ?? 0));
    while (calendar.now() < BEGIN + LONGEST && !isOver()) {
      look = await fiveMinutes(facade, calendar, traffic);
      burnDown.push(look);
      show(look);
      for (const { route, gateway: percent } of look.reports) {
        highest.set(route, Math.max(highest.get(route) ?? 0, percent));
        const fault = FAULTS[route];
        if (fault && percent >= 25) gateway.faults.set(fault.pattern, fault.kind);
      }
      await human.looks(look);
    }
    const falls = new Map<string, DecisionRecord[]>();
    for (const route of Object.keys(FAULTS)) falls.set(route, await fallsOf(facade, route));
    return { requests: traffic.requests, errors: traffic.errors, highest, burnDown, falls };
  } finally {
    await opened.closeAll();
  }
}

/** Good ones are through, bad ones have risen and are back at 0. */
const isDone = ({ route, phase, gateway }: Report, highest: number) =>
  FAULTS[route] ? gateway === 0 && highest > 0 : phase === 'complete';

async function fiveMinutes(facade: TestFacade, calendar: FakeCalendar, traffic: Replay): Promise<Look> {
  const end = calendar.now() + EVERY;
  for (let round = 0; round < ROUNDS; round++) await traffic.round();
  // Traffic is written down every ten seconds; what was replayed is the last minute's, and nothing else is.
  await calendar.advance(10_000);
  const share = shareOf(await admin<Migration>(facade, 'GET', 'migration'));
  await calendar.advance(end - calendar.now());
  const { routes } = await admin<{ routes: Report[] }>(facade, 'GET', 'autopilot');
  const { stages } = await admin<Migration>(facade, 'GET', 'migration');
  return { at: calendar.now(), reports: routes, stages, share };
}

/** Of the last minute's traffic, on the gateway. */
function shareOf({ routes }: Migration): number | null {
  const sum = (path: 'direct' | 'gateway') => routes.reduce((all, { lastMinute }) => all + lastMinute[path], 0);
  const [direct, gateway] = [sum('direct'), sum('gateway')];
  return direct + gateway === 0 ? null : gateway / (direct + gateway);
}

/** Takes the first step of the writes, once the autopilot has moved the first read, and hands them back to it. */
class Human {
  readonly #facade: TestFacade;
  #step: 'waits' | 'flipped' | 'done' = 'waits';

  constructor(facade: TestFacade) {
    this.#facade = facade;
  }

  async looks({ reports }: Look): Promise<void> {
    if (this.#step === 'waits' && reports.some(({ gateway }) => gateway > 0)) {
      const changes = WRITES.map((route) => ({ route, set: { gateway: FIRST_STEP } }));
      await admin(this.#facade, 'POST', 'flips', { changes, who: 'ana', why: 'the first step of the writes' });
      this.#step = 'flipped';
    } else if (this.#step === 'flipped') {
      // A flip by hand pauses them.
      for (const route of WRITES) await admin(this.#facade, 'POST', `autopilot/${route}/resume`);
      this.#step = 'done';
    }
  }
}

async function fallsOf(facade: TestFacade, route: string): Promise<DecisionRecord[]> {
  const { decisions } = await admin<{ decisions: DecisionRecord[] }>(facade, 'GET', `autopilot/${route}`);
  return decisions.filter(({ decision }) => decision === 'roll_back').toReversed();
}

async function admin<T>(facade: TestFacade, method: string, path: string, body?: object): Promise<T> {
  const headers = { 'x-c2s-admin': 'cli', 'content-type': 'application/json' };
  const sent = body ? { body: JSON.stringify(body) } : {};
  const answer = await fetch(`${facade.adminUrl}/api/${path}`, { method, headers, ...sent });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function startScene(opened: Opened, calendar: FakeCalendar) {
  const crm = opened.keep(await startContact2Sale({ token: C2S_TOKEN }));
  const truth = opened.keep(await startGateway({ c2sBaseUrl: crm.url, c2sToken: C2S_TOKEN, port: 0 }));
  const gateway = opened.keep(await startFaultyGateway(truth.url));
  const facade = await startFacade({
    direct: crm.url,
    gateway: gateway.url,
    env: { FACADE_TOKENS: CALLERS.join(',') },
    logLevel: 'error',
    pace: { calendar, autopilotEvery: EVERY },
    edit: (config) => {
      config.setIn(['compare', 'minSamples'], 30);
      config.setIn(['compare', 'ready'], { parity: 0.9, latencyP95Ratio: 100 });
      for (const { id, method } of TWO_SIDED) {
        const isRead = method === 'GET';
        const shadow = isRead ? 100 : 0;
        setRoute(config, id, ['rollout'], { gateway: 0, shadow, stickyBy: 'caller', fallback: 'direct' });
        const gates = { ...AUTOPILOT.gates, parity: isRead ? 0.9 : 'none' };
        setRoute(config, id, ['autopilot'], { ...AUTOPILOT, gates });
      }
      for (const id of ['leads.update', 'leads.forward', 'leads.tags.add', 'leads.messages.create']) {
        for (const [key, value] of Object.entries({ sample: 100, after: '10ms', minSamples: 5 })) {
          setRoute(config, id, ['verify', key], value);
        }
      }
    },
  });
  return { facade: opened.keep(facade), gateway };
}
