import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GATES, judge, type Gates } from '../../../../../src/facade/compare/autopilot/gates.ts';
import type { AutopilotSettings } from '../../../../../src/facade/rollout/route.ts';
import { facts, MINUTE, SETTINGS } from './facts.ts';
import { gatesOf } from './gates-of.ts';
import { Route } from './route.ts';

/**
 * Anything may happen, in any order; whatever the machine then does, the rules of docs/autopilot.md hold. What is
 * expected is worked out here from the events alone, never read from the machine's own state.
 */

type Event =
  | { readonly kind: 'tick' | 'kill' | 'revive' | 'pause' | 'resume' | 'settings' }
  | { readonly kind: 'gates'; readonly gates: Gates }
  | { readonly kind: 'human' | 'instance'; readonly gateway: number };

/** Mostly green, so that runs get somewhere. */
const gateState = fc.oneof(
  { weight: 12, arbitrary: fc.constant('green' as const) },
  fc.constantFrom('waiting', 'broken'),
);
const gates = fc
  .tuple(...GATES.map(() => gateState))
  .map((states) => gatesOf(Object.fromEntries(GATES.map((name, i) => [name, states[i]]))));
const percentage = fc.constantFrom(0, 1, 5, 7.5, 25, 50, 100);
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 30, arbitrary: fc.constant({ kind: 'tick' as const }) },
  { weight: 8, arbitrary: gates.map((states) => ({ kind: 'gates' as const, gates: states })) },
  { weight: 6, arbitrary: fc.constant({ kind: 'gates' as const, gates: gatesOf() }) },
  { weight: 2, arbitrary: percentage.map((gateway) => ({ kind: 'human' as const, gateway })) },
  { weight: 1, arbitrary: percentage.map((gateway) => ({ kind: 'instance' as const, gateway })) },
  { weight: 4, arbitrary: fc.constantFrom('kill', 'revive', 'pause', 'resume', 'settings').map((kind) => ({ kind })) },
);
const elapsed = fc.constantFrom(5_000, MINUTE, 10 * MINUTE, 29 * MINUTE, 31 * MINUTE, 70 * MINUTE);
const run = fc.array(fc.tuple(event, elapsed), { minLength: 1, maxLength: 80 });
const settingsOf = fc.record({
  mode: fc.constantFrom('propose' as const, 'apply' as const),
  steps: fc.constantFrom([1, 5, 25, 50, 100], [10, 50], [100], [0.5, 99]),
});

class Model {
  readonly route: Route;
  isPaused = false;
  /** When the present, undisturbed stay at this percentage began. */
  quietSince: number;
  fellAt = -Infinity;
  proposed: number | undefined;

  constructor(gateway: number, settings: AutopilotSettings) {
    this.route = new Route(gateway, settings);
    this.quietSince = this.route.now;
  }

  happens(event: Event): void {
    const { route } = this;
    if (event.kind === 'gates') route.gates = event.gates;
    if (event.kind === 'kill') route.isKilled = true;
    if (event.kind === 'revive') route.isKilled = false;
    if (event.kind === 'pause') {
      this.isPaused = true;
      this.proposed = undefined;
      route.pause();
    }
    if (event.kind === 'resume') {
      this.isPaused = false;
      this.fellAt = -Infinity; // a human has looked
      this.proposed = undefined;
      this.quietSince = route.now;
      route.resume();
    }
    if (event.kind === 'settings') route.settings = { ...route.settings, minRequests: route.settings.minRequests + 1 };
  }

  /** Looks at one tick and says what it sees. */
  tick(event: Event, ms: number): void {
    const { route } = this;
    const before = route.gateway;
    if (event.kind === 'human') route.humanSets(event.gateway);
    if (event.kind === 'instance') route.otherInstanceSets(event.gateway);
    const isHuman = event.kind === 'human' && event.gateway !== this.proposed;
    const isMoved = event.kind === 'human' || event.kind === 'instance';
    if (event.kind === 'settings' || event.kind === 'instance') this.isPaused = false;
    if (isHuman) this.isPaused = true;
    const at = route.gateway;
    const decision = route.after(ms);
    this.#check(decision.kind, at, decision.flipTo, isMoved);
    if (event.kind === 'human' && !isHuman) expect(decision.kind).toBe('accept');
    if (isMoved || event.kind === 'settings' || route.isKilled || route.gateway !== before) this.quietSince = route.now;
    if (decision.kind === 'propose' && route.state.phase === 'proposing') this.proposed = route.state.to;
    else if (decision.kind !== 'hold') this.proposed = undefined;
    if (event.kind === 'settings' || decision.kind === 'accept') this.fellAt = -Infinity; // a human has looked
    if (decision.kind === 'roll_back' || (event.kind === 'instance' && at < before)) this.fellAt = route.now;
    else if (event.kind === 'instance') this.fellAt = -Infinity; // that instance had waited
  }

  #check(kind: string, at: number, flipTo: number | undefined, isMoved: boolean): void {
    const { route } = this;
    const { gates, settings, now } = route;
    const isBroken = GATES.some((name) => gates[name].state === 'broken');
    expect(flipTo === undefined).toBe(kind !== 'raise' && kind !== 'roll_back');

    // A human's flip wins: nothing moves what is paused.
    if (this.isPaused) expect([kind, flipTo]).toEqual([kind === 'pause' ? 'pause' : 'hold', undefined]);
    // A broken gate is rolled back at this tick, in every mode and phase.
    else if (isBroken && at > 0 && !isMoved) expect(kind).toBe('roll_back');

    if (kind === 'roll_back') {
      expect(isBroken).toBe(true);
      expect(flipTo).toBeLessThan(at);
      expect([0, ...settings.steps]).toContain(flipTo);
      // What is wrong, or lost, is so at any share.
      if (gates.parity.state === 'broken' || gates.readBack.state === 'broken') expect(flipTo).toBe(0);
    }
    if (kind === 'raise' || kind === 'propose') {
      // Nothing goes up without evidence.
      expect(GATES.filter((name) => gates[name].state !== 'green')).toEqual([]);
      expect(route.isKilled).toBe(false);
      expect(now - this.quietSince).toBeGreaterThanOrEqual(settings.hold);
      // Nor sooner after a fall than the cool-down and a hold.
      expect(now - this.fellAt).toBeGreaterThanOrEqual(settings.coolDown + settings.hold);
    }
    if (kind === 'raise') {
      expect(settings.mode).toBe('apply');
      expect(flipTo).toBe(settings.steps.find((step) => step > at));
      expect(flipTo).toBeLessThanOrEqual(settings.steps.at(-1) ?? 0);
    }
  }
}

/** Writes come, and some of them are lost, while the clock goes on; nothing else stands in the way of a raise. */
const writes = fc.array(
  fc.record({ arrived: fc.nat(15), lost: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(3)), ms: elapsed }),
  { minLength: 1, maxLength: 40 },
);

describe('a write that is read back', () => {
  const settings = { ...SETTINGS, gates: { ...SETTINGS.gates, parity: undefined } };

  it('is never raised before enough of it arrived, nor after one was lost, and falls to 0 within a tick of that', () => {
    let raised = 0;
    let fallen = 0;
    fc.assert(
      fc.property(fc.constantFrom(1, 5, 25, 50, 100), fc.integer({ min: 1, max: 40 }), writes, (at, wanted, looks) => {
        const route = new Route(at, settings);
        const seen = { arrived: 0, notArrived: 0, wanted, missing: [] as string[] };
        for (const { arrived, lost, ms } of looks) {
          seen.arrived += arrived;
          seen.notArrived += lost;
          const readBacks = { ...seen };
          route.gates = judge(facts({ gateway: route.gateway, parity: undefined, readBacks }), settings);
          const { kind, flipTo } = route.after(ms);
          if (kind === 'raise') {
            raised++;
            expect([seen.notArrived, seen.arrived >= wanted]).toEqual([0, true]);
          }
          if (kind === 'roll_back') fallen++;
          if (flipTo !== undefined && seen.notArrived > 0) expect(flipTo).toBe(0);
          if (seen.notArrived > 0) expect(route.gateway).toBe(0);
        }
      }),
      { numRuns: 1_000 },
    );
    expect([raised > 100, fallen > 100]).toEqual([true, true]);
  });
});

describe('whatever happens', () => {
  it('no raise without evidence, no broken gate that stays up, no human who does not win', () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(percentage, settingsOf, run, (gateway, changed, events) => {
        const model = new Model(gateway, { ...SETTINGS, ...changed });
        for (const [event, ms] of events) {
          model.happens(event);
          model.tick(event, ms);
          reached.add(model.route.state.phase);
        }
      }),
      { numRuns: 3_000 },
    );
    // The runs went everywhere, or the rules were never asked.
    expect([...reached].toSorted()).toEqual(['calibrating', 'complete', 'cooling', 'holding', 'paused', 'proposing']);
  });
});
