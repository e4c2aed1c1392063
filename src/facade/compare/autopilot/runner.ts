import type { Calendar } from '../../../http/calendar.ts';
import type { Logger } from '../../../http/log.ts';
import { reasonFields, type FlipReason } from '../../rollout/flip.ts';
import { within } from '../../../http/within.ts';
import type { AutopilotMetrics } from './metrics.ts';
import type { AutopilotFacts } from './facts.ts';
import { judge } from './gates.ts';
import { begin, pause, reborn, resume, step, type AutopilotState, type Stepped, type Tick } from './machine.ts';
import type {
  DecisionEvidence,
  Kept,
  ManualOverride,
  AutopilotPorts,
  Proposal,
  Reading,
  Report,
  RouteNow,
} from './ports.ts';
import { Traffic, worstBreaker } from './traffic.ts';

/**
 * Turns ticks into flips: gathers the facts, asks the machine, makes the flip, and only when it is made keeps the new
 * state and writes down why. A flip that fails leaves everything as it was, and the next tick decides again.
 */

/** The order is kept by then: whoever gave it need not wait for a slow database. */
const OBEY_TIMEOUT_MS = 2_000;

type OrderReason = Pick<FlipReason, 'who' | 'source' | 'why'>;

interface AutopilotOptions {
  readonly ports: AutopilotPorts;
  readonly metrics: AutopilotMetrics;
  readonly log: Logger;
}

export class Autopilot {
  readonly #options: AutopilotOptions;
  /** Since this process leads; another leader saw other traffic. */
  #traffic = new Traffic();
  #known = new Set<string>();
  #shown = new Set<string>();
  #ticking: Promise<void> | undefined;

  constructor(options: AutopilotOptions) {
    this.#options = options;
  }

  /** @param every milliseconds. A failing tick is logged and the next one tries again. */
  start(calendar: Calendar, every: number): { close(): Promise<void> } {
    const timer = calendar.every(every, () => this.#safely());
    return {
      close: async () => {
        timer.close();
        await this.#ticking?.catch(() => undefined);
      },
    };
  }

  /** One look at every route; never two at once. */
  tick(): Promise<void> {
    this.#ticking ??= this.#tick().finally(() => (this.#ticking = undefined));
    return this.#ticking;
  }

  /** Every route on autopilot, as whoever leads saw it last. */
  async reports(): Promise<Report[]> {
    const { ports } = this.#options;
    const kept = await ports.memory.load();
    return ports.routes().flatMap(({ id }) => kept.get(id)?.report ?? []);
  }

  history(route: string, limit = 50) {
    return this.#options.ports.memory.history(route, limit);
  }

  has(route: string): boolean {
    return this.#options.ports.routes().some(({ id }) => id === route);
  }

  /** Hands off, or on again. Whoever leads obeys at its next tick; here it is at once, where the tick does not take long. */
  async order(order: ManualOverride, reason: OrderReason): Promise<void> {
    await this.#options.ports.memory.order(order);
    const what = order.kind === 'pause' ? 'autopilot paused' : 'autopilot resumed';
    this.#options.log.info({ route: order.route, ...reasonFields(reason) }, what);
    await within(OBEY_TIMEOUT_MS, this.#obey()).catch((error: unknown) => {
      this.#options.log.warn({ err: error, route: order.route }, 'autopilot: the order is obeyed at the next tick');
    });
  }

  /** A tick that began before the order may have looked for orders already. */
  async #obey(): Promise<void> {
    await this.#ticking?.catch(() => undefined);
    await this.tick();
  }

  async #safely(): Promise<void> {
    try {
      await this.tick();
    } catch (error) {
      this.#options.log.error({ err: error }, 'autopilot: a tick failed');
    }
  }

  async #tick(): Promise<void> {
    const { ports } = this.#options;
    const { memory } = ports;
    this.#showSteps();
    await memory.publish(ports.read());
    if (!ports.isLeader()) {
      this.#traffic = new Traffic();
      this.#known.clear();
      return;
    }
    const [turn, readings] = await Promise.all([memory.turn(), memory.readings()]);
    const { kept, orders } = turn;
    this.#traffic.forgetOthers(readings);
    const next: Kept[] = [];
    for (const route of ports.routes()) {
      const mine = orders.filter((order) => order.route === route.id);
      next.push(await this.#look(route, kept.get(route.id), mine, readings));
    }
    await turn.end(next);
  }

  async #look(
    route: RouteNow,
    kept: Kept | undefined,
    orders: readonly ManualOverride[],
    readings: readonly Reading[],
  ) {
    const tick = this.#tickOf(route, readings);
    const isNew = !this.#known.has(route.id);
    this.#known.add(route.id);
    let state = kept ? (isNew ? reborn(kept.state, tick) : kept.state) : begin(tick);
    for (const { kind, by } of orders) {
      const obeyed = kind === 'pause' ? pause(state, by, tick.now) : resume(state, tick, by);
      state = await this.#settle(route.id, state, obeyed, tick);
    }
    const stepped = step(state, tick);
    try {
      const settled = await this.#settle(route.id, state, stepped, tick);
      return { state: settled, report: await this.#report(route, settled, stepped, tick) };
    } catch (error) {
      const why = `the flip was not made: ${error instanceof Error ? error.message : String(error)}`;
      this.#options.metrics.decisions.inc({ route: route.id, decision: 'refused' });
      this.#options.log.error(
        { err: error, route: route.id, decision: stepped.decision.kind },
        'autopilot: flip refused',
      );
      const unmoved: Stepped = { state, decision: { kind: 'hold', why } };
      return { state, report: await this.#report(route, state, unmoved, tick) };
    }
  }

  #tickOf({ id, settings, gateway, flip }: RouteNow, readings: readonly Reading[]): Tick {
    const { ports } = this.#options;
    const now = ports.now();
    const window = this.#traffic.add(id, readings, now, settings.hold, settings.minRequests);
    const facts: AutopilotFacts = {
      gateway,
      flip,
      isKilled: ports.isKilled(),
      breaker: worstBreaker(id, readings),
      ...ports.proof(id),
      live: window.read(),
    };
    return { facts, gates: judge(facts, settings), settings, now };
  }

  /** Makes the flip, writes the decision down. @throws what the flip throws. */
  async #settle(
    route: string,
    before: AutopilotState,
    { state, decision }: Stepped,
    tick: Tick,
  ): Promise<AutopilotState> {
    const { ports, metrics, log } = this.#options;
    const { kind, why, flipTo } = decision;
    const evidence = evidenceOf(tick);
    let after = state;
    if (flipTo !== undefined) {
      const flip = await ports.flip({ route, from: tick.facts.gateway, to: flipTo, why, evidence });
      after = { ...state, flip };
    }
    metrics.decisions.inc({ route, decision: kind });
    if (after.gateway !== before.gateway) this.#traffic.windowOf(route).restart();
    if (kind === 'hold') return after;
    log.info({ route, decision: kind, from: before.gateway, to: after.gateway, why }, 'autopilot');
    const at = new Date(tick.now).toISOString();
    await ports.memory.record({ at, route, decision: kind, from: before.gateway, to: after.gateway, why, evidence });
    if (kind === 'propose' && after.phase === 'proposing')
      ports.onProposal?.({ route, from: after.gateway, to: after.to, why });
    return after;
  }

  async #report({ id, settings }: RouteNow, state: AutopilotState, { decision }: Stepped, tick: Tick): Promise<Report> {
    const proposal =
      state.phase === 'proposing' ? { gateway: state.to, ...(await this.#proposal(id, state.to)) } : undefined;
    if (decision.kind === 'propose') this.#options.log.info({ route: id, proposal }, 'autopilot: proposal');
    return {
      route: id,
      mode: settings.mode,
      phase: state.phase,
      gateway: state.gateway,
      steps: settings.steps,
      since: new Date(state.since).toISOString(),
      until: state.phase === 'cooling' ? new Date(state.until).toISOString() : undefined,
      decision: decision.kind,
      why: decision.why,
      evidence: evidenceOf(tick),
      proposal,
      at: new Date(tick.now).toISOString(),
    };
  }

  /** A proposal stands without its diff: a file that cannot be edited just now is no reason to stop looking. */
  async #proposal(route: string, gateway: number): Promise<Proposal> {
    try {
      return await this.#options.ports.propose(route, gateway);
    } catch (error) {
      return { diff: error instanceof Error ? error.message : String(error), command: '' };
    }
  }

  #showSteps(): void {
    const { ports, metrics } = this.#options;
    const routes = ports.routes();
    for (const { id, gateway } of routes) metrics.step.set({ route: id }, gateway / 100);
    const ids = new Set(routes.map(({ id }) => id));
    for (const id of this.#shown) if (!ids.has(id)) metrics.step.remove({ route: id });
    for (const id of ids) if (!this.#shown.has(id)) metrics.routeCame(id);
    this.#shown = ids;
  }
}

function evidenceOf({ facts, gates }: Tick): DecisionEvidence {
  const { direct, gateway } = facts.live.window;
  return {
    gates,
    parity: facts.parity,
    readBacks: facts.readBacks,
    traffic: {
      direct: { attempts: direct.attempts, failures: direct.failures },
      gateway: { attempts: gateway.attempts, failures: gateway.failures },
    },
  };
}
