import { describe, expect, test } from 'vitest';
import {
  UpstreamHealth,
  type HealthCheck,
  type HealthSettings,
  type HealthState,
} from '../../../../src/facade/forward/upstream-health.ts';

const SETTINGS: HealthSettings = {
  ...{ path: '/health', intervalMs: 5_000, timeoutMs: 2_000, unhealthyAfter: 3, healthyAfter: 2 },
  expected: [{ from: 200, to: 399 }],
};
const URL_OF_GATEWAY = 'http://gateway.example';
const well: HealthCheck = { result: 'success', status: 200, tookMs: 5 };
const down: HealthCheck = { result: 'unreachable', tookMs: 5 };
const answered = (status: number): HealthCheck => ({ result: 'unexpected_status', status, tookMs: 5 });

function setUp(settings = SETTINGS) {
  let now = 1_000;
  const health = new UpstreamHealth(() => now);
  health.configure(settings, URL_OF_GATEWAY);
  const states: HealthState[] = [];
  const back: boolean[] = [];
  health.subscribe((state) => states.push(state));
  health.onChecked((isBack) => back.push(isBack));
  const check = (...checks: HealthCheck[]): void => {
    for (const one of checks) {
      now += 5_000;
      health.record(one);
    }
  };
  return { health, states, back, check, now: () => now };
}

describe('an upstream', () => {
  test.each<[string, HealthCheck[], HealthState[], HealthState]>([
    ['is healthy at the first success', [well], ['healthy'], 'healthy'],
    ['is unhealthy at the third failure in a row', [down, down, down], ['unhealthy'], 'unhealthy'],
    ['is not unhealthy at the second', [well, down, down], ['healthy'], 'healthy'],
    ['a success between begins the count anew', [well, down, down, well, down, down], ['healthy'], 'healthy'],
    ['is healthy again at the second success', [down, down, down, well, well], ['unhealthy', 'healthy'], 'healthy'],
    ['is not at the first', [down, down, down, well], ['unhealthy'], 'unhealthy'],
    ['nor at the second that a failure parted', [down, down, down, well, down, well], ['unhealthy'], 'unhealthy'],
    ['a 404 from the first check on is the path: nobody can say', [answered(404)], ['unproven'], 'unproven'],
    ['however often', Array.from({ length: 50 }, () => answered(404)), ['unproven'], 'unproven'],
    ['a 401 is no different', [answered(401), answered(401), answered(401)], ['unproven'], 'unproven'],
    ['a 503 is a failure from the first on', [answered(503), answered(503), answered(503)], ['unhealthy'], 'unhealthy'],
    [
      'a 404 is a failure where a check has succeeded before',
      [well, answered(404), answered(404), answered(404)],
      ['healthy', 'unhealthy'],
      'unhealthy',
    ],
    [
      'one that was down and answers 404 then is not kept out by that',
      [down, down, down, answered(404)],
      ['unhealthy', 'unproven'],
      'unproven',
    ],
    ['a path that is corrected upstream is believed', [answered(404), well], ['unproven', 'healthy'], 'healthy'],
    [
      'a check that was left out says nothing',
      [well, down, down, { result: 'skipped', tookMs: 0 }, well],
      ['healthy'],
      'healthy',
    ],
  ])('%s', (_name, checks, changes, state) => {
    const { health, states, check } = setUp();
    check(...checks);
    expect([states, health.state, health.isUnhealthy]).toEqual([changes, state, state === 'unhealthy']);
  });

  test('that is not checked is never unhealthy, whatever another process says', () => {
    const { health, states, check } = setUp();
    health.configure(undefined, URL_OF_GATEWAY);
    states.length = 0;
    check(down, down, down, down);
    expect([states, health.state, health.isUnhealthy, health.isChecked]).toEqual([[], 'unchecked', false, false]);
  });

  test('is back once, when it is healthy again', () => {
    const { check, back } = setUp();
    check(down, down, down, well, well, well);
    expect(back).toEqual([false, false, false, false, true, false]);
  });
});

describe('what frees a breaker', () => {
  test('is as many successes in a row as healthyAfter, all begun after it opened', () => {
    const { health, check, now } = setUp();
    check(well, well);
    const openedAt = now();
    expect(health.isProvenSince(openedAt)).toBe(false);
    check(well);
    expect(health.isProvenSince(openedAt)).toBe(false);
    check(well);
    expect(health.isProvenSince(openedAt)).toBe(true);
    check(down);
    expect(health.isProvenSince(openedAt)).toBe(false);
  });

  test('is no check that began before it opened and ended after', () => {
    const { health, now } = setUp({ ...SETTINGS, healthyAfter: 1 });
    health.record({ result: 'success', status: 200, tookMs: 100 });
    expect([health.isProvenSince(now() - 99), health.isProvenSince(now() - 100)]).toEqual([false, true]);
  });

  test('is nothing where the path seems wrong: breakers go by live requests then', () => {
    const { health, check } = setUp();
    expect(health.isChecked).toBe(true);
    check(answered(404));
    expect(health.isChecked).toBe(false);
  });
});

describe('a reload', () => {
  const unhealthy = () => {
    const scene = setUp();
    scene.check(well, down, down, down);
    return scene;
  };

  test.each<[string, HealthSettings | undefined, string, HealthState]>([
    ['that changes times keeps the verdict', { ...SETTINGS, intervalMs: 1, timeoutMs: 1 }, URL_OF_GATEWAY, 'unhealthy'],
    ['that changes the path forgets it', { ...SETTINGS, path: '/ok' }, URL_OF_GATEWAY, 'unknown'],
    [
      'that expects other statuses forgets it',
      { ...SETTINGS, expected: [{ from: 200, to: 404 }] },
      URL_OF_GATEWAY,
      'unknown',
    ],
    ['that names another upstream forgets it', SETTINGS, 'http://other.example', 'unknown'],
    ['that ends the checks forgets it', undefined, URL_OF_GATEWAY, 'unchecked'],
  ])('%s', (_name, settings, url, state) => {
    const { health } = unhealthy();
    health.configure(settings, url);
    expect([health.state, health.isUnhealthy]).toEqual([state, state === 'unhealthy']);
  });

  test('tells those that wait for a check, so that none waits for ever', () => {
    const { health, back } = unhealthy();
    back.length = 0;
    health.configure(undefined, URL_OF_GATEWAY);
    expect(back).toEqual([false]);
  });
});

test.each<[string, HealthCheck[], object | undefined]>([
  ['nothing while it is healthy', [well], undefined],
  ['nothing while its checks fail', [down, down, down], undefined],
  ['the first success', [down, down, down, well], { succeeded: 1, needed: 2 }],
  ['nothing after a failure', [down, down, down, well, down], undefined],
  ['nothing once it is back', [down, down, down, well, well], undefined],
])('its recovery says %s', (_what, checks, recovery) => {
  const { health, check } = setUp();
  check(...checks);
  expect(health.recovery).toEqual(recovery);
});
