import type { Gates } from '../../../../../src/facade/compare/autopilot/gates.ts';
import {
  begin,
  pause,
  reborn,
  resume,
  step,
  type AutopilotState,
  type AutopilotStep,
  type Tick,
} from '../../../../../src/facade/compare/autopilot/machine.ts';
import type { AutopilotSettings } from '../../../../../src/facade/rollout/route.ts';
import { facts, SETTINGS } from './facts.ts';
import { gatesOf } from './gates-of.ts';

/** A route under the machine: makes the flips that are decided, and lets a human do what humans do. */
export class Route {
  gateway: number;
  now = 1_000_000;
  settings: AutopilotSettings;
  gates: Gates = gatesOf();
  isKilled = false;
  state: AutopilotState;
  #flips = 0;
  #by: 'human' | 'autopilot' = 'human';

  constructor(gateway = 0, settings = SETTINGS) {
    this.gateway = gateway;
    this.settings = settings;
    this.state = begin(this.#tick());
  }

  after(ms: number): AutopilotStep {
    this.now += ms;
    const { state, decision } = step(this.state, this.#tick());
    this.state = state;
    if (decision.flipTo !== undefined) {
      this.#flipTo(decision.flipTo, 'autopilot');
      this.state = { ...state, flip: `r${this.#flips}` };
    }
    return decision;
  }

  humanSets(gateway: number): void {
    this.#flipTo(gateway, 'human');
  }

  otherInstanceSets(gateway: number): void {
    this.#flipTo(gateway, 'autopilot');
  }

  /** Another process takes over, in which the last flip has another name. */
  dies(): void {
    this.#flips += 100;
    this.state = reborn(this.state, this.#tick());
  }

  pause(): void {
    this.state = pause(this.state, 'ana', this.now).state;
  }

  resume(): void {
    this.state = resume(this.state, this.#tick(), 'ana').state;
  }

  #flipTo(gateway: number, by: 'human' | 'autopilot'): void {
    this.#flips++;
    this.#by = by;
    this.gateway = gateway;
  }

  #tick(): Tick {
    const { gateway, isKilled, gates, settings, now } = this;
    return {
      facts: facts({ gateway, isKilled, flip: { revision: `r${this.#flips}`, by: this.#by } }),
      gates,
      settings,
      now,
    };
  }
}
