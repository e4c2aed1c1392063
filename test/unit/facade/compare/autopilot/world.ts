import type { ParityFacts, ReadBackFacts } from '../../../../../src/facade/compare/autopilot/facts.ts';
import { pino } from 'pino';
import { ProcessMemory } from '../../../../../src/facade/compare/autopilot/memory.ts';
import type { FlipOrder, AutopilotPorts, Reading } from '../../../../../src/facade/compare/autopilot/ports.ts';
import { Autopilot } from '../../../../../src/facade/compare/autopilot/runner.ts';
import { NONE, sum, type Tallies } from '../../../../../src/facade/compare/autopilot/tally.ts';
import { Registry } from 'prom-client';
import { AutopilotMetrics } from '../../../../../src/facade/compare/autopilot/metrics.ts';
import type { AutopilotSettings } from '../../../../../src/facade/rollout/route.ts';
import { READY, SETTINGS, tally } from './facts.ts';

/** A facade in memory: routes, their traffic and their faults, with a clock that somebody else moves. */

export interface SimulatedRoute {
  gateway: number;
  settings: AutopilotSettings;
  parity: ParityFacts | undefined;
  readBacks: ReadBackFacts | undefined;
  breaker: Reading['breaker'];
  /** Of the gateway path: share of its attempts that fail, and milliseconds of each. */
  fails: number;
  ms: number;
  revision: number;
  by: 'human' | 'autopilot';
  tallies: Tallies;
  /** The fraction of a request that the gateway is still to get. */
  owed: number;
}

export class World {
  now = Date.UTC(2026, 0, 1);
  isKilled = false;
  isLeader = true;
  instance = 'one';
  refusal: string | undefined;
  readonly routes = new Map<string, SimulatedRoute>();
  readonly flips: FlipOrder[] = [];
  readonly registry = new Registry();
  readonly metrics = new AutopilotMetrics(this.registry);

  add(id: string, changed: Partial<SimulatedRoute> = {}): SimulatedRoute {
    const route: SimulatedRoute = {
      gateway: 0,
      settings: SETTINGS,
      parity: READY,
      readBacks: undefined,
      breaker: 'closed',
      fails: 0,
      ms: 80,
      revision: 0,
      by: 'human',
      tallies: NONE,
      owed: 0,
      ...changed,
    };
    this.routes.set(id, route);
    return route;
  }

  /** Requests of a route, split as its percentage says. */
  serve(id: string, requests: number): void {
    const route = this.#routeOf(id);
    route.owed += (requests * route.gateway) / 100;
    const viaGateway = Math.floor(route.owed);
    route.owed -= viaGateway;
    const gateway = tally(viaGateway, Math.round(viaGateway * route.fails), route.ms);
    route.tallies = sum(route.tallies, { direct: tally(requests - viaGateway), gateway });
  }

  humanSets(id: string, gateway: number): void {
    const route = this.#routeOf(id);
    Object.assign(route, { gateway, by: 'human', revision: route.revision + 1 });
  }

  ports(memory: AutopilotPorts['memory'] = new ProcessMemory()): AutopilotPorts {
    return {
      now: () => this.now,
      routes: () =>
        Array.from(this.routes, ([id, { gateway, settings, revision, by }]) => {
          return { id, settings, gateway, flip: { revision: String(revision), by } };
        }),
      isKilled: () => this.isKilled,
      read: () =>
        Array.from(this.routes, ([route, { tallies, breaker }]) => ({
          instance: this.instance,
          route,
          tallies,
          breaker,
        })),
      proof: (id) => ({ ...this.#routeOf(id), pace: undefined }),
      flip: (order) => this.#flip(order),
      propose: async (id, gateway) => ({
        diff: `-  - ${id}: ${this.#routeOf(id).gateway}\n+  - ${id}: ${gateway}\n`,
        command: `flip ${id} ${gateway}`,
      }),
      isLeader: () => this.isLeader,
      memory,
    };
  }

  autopilot(memory?: AutopilotPorts['memory']): Autopilot {
    const log = pino({ level: 'silent' });
    return new Autopilot({ ports: this.ports(memory), metrics: this.metrics, log });
  }

  #flip(order: FlipOrder): Promise<string> {
    const route = this.#routeOf(order.route);
    if (this.refusal !== undefined) return Promise.reject(new Error(this.refusal));
    if (route.gateway !== order.from) return Promise.reject(new Error(`${order.route} is at ${route.gateway}`));
    this.flips.push(order);
    Object.assign(route, { gateway: order.to, by: 'autopilot', revision: route.revision + 1 });
    return Promise.resolve(String(route.revision));
  }

  #routeOf(id: string): SimulatedRoute {
    const route = this.routes.get(id);
    if (!route) throw new Error(`no route ${id}`);
    return route;
  }
}
