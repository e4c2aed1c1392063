import { describe, expect, it } from 'vitest';
import { SETTINGS } from './facts.ts';
import { gatesOf } from './gates-of.ts';
import { Route } from './route.ts';

const HOLD = SETTINGS.hold;
const COOL = SETTINGS.coolDown;
const PROPOSE = { ...SETTINGS, mode: 'propose' } as const;

describe('with every gate green', () => {
  it('goes up step by step, a hold at each, and stays at the last', () => {
    const route = new Route();
    const seen = [];
    for (let i = 0; i < 8; i++) {
      expect(route.after(HOLD - 1).kind).toBe('hold');
      seen.push([route.after(1).kind, route.gateway, route.state.phase]);
    }
    expect(seen).toEqual([
      ['raise', 1, 'holding'],
      ['raise', 5, 'holding'],
      ['raise', 25, 'holding'],
      ['raise', 50, 'holding'],
      ['raise', 100, 'complete'],
      ['hold', 100, 'complete'],
      ['hold', 100, 'complete'],
      ['hold', 100, 'complete'],
    ]);
  });

  it('goes from a percentage that is no step to the next one above', () => {
    const route = new Route(30);
    expect(route.after(HOLD)).toMatchObject({ kind: 'raise', flipTo: 50 });
  });

  it('never passes its last step, and leaves a route alone that stands above it', () => {
    const route = new Route(80, { ...SETTINGS, steps: [10, 50] });
    expect(route.state.phase).toBe('complete');
    expect(route.after(HOLD * 9).kind).toBe('hold');
  });
});

describe('a gate that is not green', () => {
  it.each(['parity', 'breaker', 'traffic', 'errorRate', 'latency'] as const)('%s waiting holds the step', (gate) => {
    const route = new Route(5);
    route.gates = gatesOf({ [gate]: 'waiting' });
    expect(route.after(HOLD * 3)).toMatchObject({ kind: 'hold', why: `${gate}: ${gate} in words` });
    route.gates = gatesOf();
    expect(route.after(1).kind).toBe('raise');
  });

  it.each([
    ['breaker', 25, 5],
    ['errorRate', 25, 5],
    ['latency', 100, 50],
    ['latency', 30, 25],
    ['breaker', 1, 0],
    ['errorRate', 0.5, 0],
    ['parity', 50, 0],
  ] as const)('%s broken at %d %% takes it back to %d %% at once', (gate, from, to) => {
    const route = new Route(from);
    route.gates = gatesOf({ [gate]: 'broken' });
    expect(route.after(1)).toEqual({ kind: 'roll_back', why: `${gate}: ${gate} in words`, flipTo: to });
    expect(route.state).toMatchObject({ phase: 'cooling', gateway: to, until: route.now + COOL });
  });

  it('takes one more step back at every tick while it stays broken, as one setback', () => {
    const route = new Route(25);
    route.gates = gatesOf({ breaker: 'broken' });
    expect([route.after(1), route.after(1), route.after(1)].map(({ flipTo }) => flipTo)).toEqual([5, 1, 0]);
    expect(route.state.setbacks).toBe(1);
    expect(route.after(1).kind).toBe('hold');
  });
});

describe('after a step was rolled back', () => {
  const fall = (route: Route): void => {
    route.gates = gatesOf({ errorRate: 'broken' });
    expect(route.after(1).kind).toBe('roll_back');
    route.gates = gatesOf();
  };

  it('it cools down, and then holds before it rises', () => {
    const route = new Route(5);
    fall(route);
    expect(route.after(COOL - 1).kind).toBe('hold');
    expect(route.after(1).kind).toBe('resume');
    expect(route.after(HOLD - 1).kind).toBe('hold');
    expect(route.after(1)).toMatchObject({ kind: 'raise', flipTo: 5 });
  });

  it('cools down twice as long each time, at most a day', () => {
    const route = new Route(1);
    const times = Array.from({ length: 7 }, () => {
      fall(route);
      const until = route.state.phase === 'cooling' ? route.state.until : 0;
      const cooling = until - route.now;
      route.after(cooling);
      route.after(HOLD);
      expect(route.gateway).toBe(1);
      return cooling / COOL;
    });
    expect(times).toEqual([1, 2, 4, 8, 16, 24, 24]);
  });

  it('is forgiven once the step that broke has held', () => {
    const route = new Route(5);
    fall(route);
    route.after(COOL);
    route.after(HOLD); // 1 → 5, where it broke
    expect(route.state.setbacks).toBe(1);
    route.after(HOLD); // 5 → 25
    expect(route.state).toMatchObject({ gateway: 25, setbacks: 0, brokeAt: 0 });
  });
});

describe('mode propose', () => {
  it('raises nothing, and waits for a human', () => {
    const route = new Route(5, PROPOSE);
    expect(route.after(HOLD).kind).toBe('propose');
    expect(route.state).toMatchObject({ phase: 'proposing', to: 25, gateway: 5 });
    expect(route.after(HOLD * 9).kind).toBe('hold');
    expect(route.gateway).toBe(5);
  });

  it('goes on from what was proposed when a human sets it', () => {
    const route = new Route(5, PROPOSE);
    route.after(HOLD);
    route.humanSets(25);
    expect(route.after(1).kind).toBe('accept');
    expect(route.state).toMatchObject({ phase: 'holding', gateway: 25 });
    expect(route.after(HOLD).kind).toBe('propose');
  });

  it('pauses when a human sets something else', () => {
    const route = new Route(5, PROPOSE);
    route.after(HOLD);
    route.humanSets(50);
    expect(route.after(1).kind).toBe('pause');
  });

  it('withdraws what no longer has its evidence, also while the kill switch is on', () => {
    const route = new Route(5, PROPOSE);
    route.after(HOLD);
    route.gates = gatesOf({ traffic: 'waiting' });
    expect(route.after(1).kind).toBe('withdraw');
    route.gates = gatesOf();
    expect(route.after(HOLD).kind).toBe('propose');
    route.isKilled = true;
    expect(route.after(1).kind).toBe('withdraw');
  });

  it('rolls back by itself', () => {
    const route = new Route(25, PROPOSE);
    route.gates = gatesOf({ breaker: 'broken' });
    expect(route.after(1)).toMatchObject({ kind: 'roll_back', flipTo: 5 });
  });
});

describe('a human', () => {
  it('wins with a flip and is not undone, not even by a broken gate', () => {
    const route = new Route(5);
    route.humanSets(50);
    route.gates = gatesOf({ breaker: 'broken' });
    expect(route.after(1)).toMatchObject({ kind: 'pause', why: 'a human set 50 % where it was 5 %' });
    expect(route.after(HOLD * 9).kind).toBe('hold');
    expect(route.gateway).toBe(50);
  });

  it('wins also with a flip there and back between two ticks', () => {
    const route = new Route(5);
    route.humanSets(50);
    route.humanSets(5);
    expect(route.after(1).kind).toBe('pause');
  });

  it('pauses and resumes; a whole hold lies before the next raise', () => {
    const route = new Route(5);
    route.after(HOLD - 1);
    route.pause();
    expect(route.after(HOLD).why).toBe('paused by ana');
    route.resume();
    expect(route.after(HOLD - 1).kind).toBe('hold');
    expect(route.after(1).kind).toBe('raise');
  });

  it('who changes its settings sets it going again, from a hold', () => {
    const route = new Route(5);
    route.pause();
    route.settings = { ...SETTINGS, steps: [10, 100] };
    expect(route.after(HOLD).kind).toBe('restart');
    expect(route.after(HOLD)).toMatchObject({ kind: 'raise', flipTo: 10 });
  });

  it('who changes settings and percentage at once wants that percentage', () => {
    const route = new Route(5);
    route.settings = { ...SETTINGS, steps: [10, 100] };
    route.humanSets(10);
    expect(route.after(1).kind).toBe('pause');
    expect(route.after(HOLD).kind).toBe('hold');
  });

  it('who changes settings while a gate is broken does not keep it up', () => {
    const route = new Route(25);
    route.settings = { ...SETTINGS, minRequests: 300 };
    route.gates = gatesOf({ breaker: 'broken' });
    expect(route.after(1)).toMatchObject({ kind: 'roll_back', flipTo: 5 });
  });
});

describe('everything else that happens to a route', () => {
  it('the kill switch: no raise, the hold begins when it is off; a broken gate is still rolled back', () => {
    const route = new Route(5);
    route.isKilled = true;
    expect(route.after(HOLD * 5).kind).toBe('hold');
    route.isKilled = false;
    expect(route.after(HOLD - 1).kind).toBe('hold');
    expect(route.after(1).kind).toBe('raise');
    route.isKilled = true;
    route.gates = gatesOf({ breaker: 'broken' });
    expect(route.after(1).kind).toBe('roll_back');
  });

  it('the autopilot of another instance: taken as it is, with a hold before the next step', () => {
    const route = new Route(5);
    route.otherInstanceSets(25);
    expect(route.after(HOLD).kind).toBe('restart');
    expect(route.after(HOLD - 1).kind).toBe('hold');
    expect(route.after(1)).toMatchObject({ kind: 'raise', flipTo: 50 });
  });

  it('the autopilot of another instance took it back and ended: it cools down here', () => {
    const route = new Route(25);
    route.otherInstanceSets(5);
    route.after(1);
    expect(route.state).toMatchObject({
      phase: 'cooling',
      gateway: 5,
      setbacks: 1,
      brokeAt: 25,
      until: route.now + COOL,
    });
  });

  it('a new process: no flip, but the hold begins anew', () => {
    const route = new Route(5);
    route.after(HOLD - 1);
    route.dies();
    expect(route.after(HOLD - 1).kind).toBe('hold');
    expect(route.after(1).kind).toBe('raise');
  });

  it('a new process: a pause and a cool-down go on', () => {
    const route = new Route(5);
    route.pause();
    route.dies();
    expect(route.after(HOLD * 2)).toMatchObject({ kind: 'hold', why: 'paused by ana' });
    const fallen = new Route(5);
    fallen.gates = gatesOf({ breaker: 'broken' });
    fallen.after(1);
    fallen.gates = gatesOf();
    fallen.dies();
    expect(fallen.after(COOL - 1).kind).toBe('hold');
    expect(fallen.after(1).kind).toBe('resume');
  });

  it('a new process: what a human flipped meanwhile pauses', () => {
    const route = new Route(5);
    route.humanSets(50);
    route.dies();
    expect(route.after(1).kind).toBe('pause');
  });
});
