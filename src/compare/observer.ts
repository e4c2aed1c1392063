import type { Asked } from '../forward/exchange.ts';
import type { RouteEntry } from '../forward/generation.ts';
import type { Capture, Tap } from '../forward/tap.ts';
import type { RouteModel } from '../rollout/route.ts';
import { compareAnswers } from './compare.ts';
import { notRun, type Observation } from './comparison.ts';
import { requestFacts } from './coverage.ts';
import type { CompiledRules } from './rules.ts';
import { ShadowRunner, type Shadowed, type ShadowPorts, type ShadowSettings } from './shadow.ts';
import type { WriteReader } from './write-reader.ts';

/** What keeps the evidence: the parity book. */
export interface Evidence {
  record(route: RouteModel, observation: Observation): void;
  /** What live traffic asks for, shadowed or not. */
  seen(route: RouteModel, facts: readonly string[]): void;
  /** Share of a route's shadows that should measure noise, 0..1. */
  noiseShare(route: RouteModel): number;
}

export interface ObserverOptions extends Pick<ShadowPorts, 'now' | 'generation' | 'credentials'> {
  readonly settings: ShadowSettings;
  readonly evidence: Evidence;
  readonly rulesFor: (route: RouteModel) => CompiledRules;
  readonly writes: WriteReader;
  /** Milliseconds since 1970: known differences expire by the calendar. */
  readonly calendar: () => number;
}

/** Listens to the exchanges, has the answers compared, and hands what came of it to the evidence. */
export class Observer implements Tap {
  readonly #options: ObserverOptions;
  readonly #shadows: ShadowRunner;

  constructor(options: ObserverOptions) {
    this.#options = options;
    const { now, generation, credentials, evidence } = options;
    this.#shadows = new ShadowRunner(options.settings, {
      now,
      generation,
      credentials,
      noiseShare: ({ model }) => evidence.noiseShare(model),
      compared: (shadowed) => this.#compared(shadowed),
      notRun: ({ model }, reason) => evidence.record(model, { kind: 'cross', comparison: notRun(reason), facts: [] }),
    });
  }

  /** Shadows that wait or are under way. */
  get pending(): number {
    return this.#shadows.pending;
  }

  configure(settings: ShadowSettings): void {
    this.#shadows.configure(settings);
  }

  roomFor(entry: RouteEntry): number {
    return this.#shadows.roomFor(entry);
  }

  answered(asked: Asked, captured: Capture): void {
    this.#shadows.offer(asked, captured);
  }

  verifies(entry: RouteEntry): boolean {
    return this.#options.writes.wants(entry);
  }

  wrote(asked: Asked, body: Buffer): void {
    this.#options.writes.offer(asked, body);
  }

  saw({ match, target }: Asked): void {
    const { model } = match.route;
    if (model.safety === 'safe') this.#options.evidence.seen(model, requestFacts(model, target.query));
  }

  async close(): Promise<void> {
    await this.#options.writes.close();
    await this.#shadows.close();
  }

  #compared({ asked, kind, control, candidate }: Shadowed): void {
    const { rulesFor, calendar, evidence } = this.#options;
    const { model } = asked.match.route;
    const comparison = compareAnswers(rulesFor(model), control, candidate, calendar());
    evidence.record(model, { kind, comparison, facts: requestFacts(model, asked.target.query) });
  }
}
