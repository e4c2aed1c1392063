import { describe, expect, it } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { compileRoutes } from '../../../../src/facade/rollout/compile.ts';
import { configOf, CREATE_LEAD, GET_LEAD, reportOf, withRows } from './support.ts';

const read = (autopilot: string, rollout = '{ gateway: 0, shadow: 10 }') =>
  withRows(`${GET_LEAD.replace('{ gateway: 0 }', rollout)}\nautopilot: ${autopilot}`);
const write = (autopilot: string) => withRows(`${CREATE_LEAD}\nautopilot: ${autopilot}`);
const settingsOf = (text: string) => compileRoutes(configOf(text), CONTACT2SALE)[0]?.autopilot;

describe('a route on autopilot', () => {
  it('is on it by a block of its own, never by the defaults alone', () => {
    const head = 'defaults: { autopilot: { mode: apply } }\n';
    expect(settingsOf(`${head}${withRows(GET_LEAD)}`)).toBeUndefined();
    expect(settingsOf(`${head}${read('{}')}`)?.mode).toBe('apply');
  });

  it('proposes by default, in five steps, with the gates of the specification', () => {
    expect(settingsOf(read('{}'))).toEqual({
      mode: 'propose',
      steps: [1, 5, 25, 50, 100],
      hold: 1_800_000,
      minRequests: 200,
      coolDown: 3_600_000,
      gates: { parity: 0.999, errorRateDelta: 0.005, latencyP95Ratio: 1.3, latencyFloor: 50 },
    });
  });

  it('takes single values from the defaults, gate by gate', () => {
    const head = 'defaults: { autopilot: { hold: 5m, gates: { latencyP95Ratio: 2, parity: 0.99 } } }\n';
    const settings = settingsOf(`${head}${read('{ steps: [10, 100], gates: { parity: 0.9999 } }')}`);
    expect(settings).toMatchObject({ hold: 300_000, steps: [10, 100], gates: { parity: 0.9999, latencyP95Ratio: 2 } });
  });

  it('that writes has no parity to prove', () => {
    expect(settingsOf(write('{ gates: { parity: none } }'))?.gates.parity).toBeUndefined();
  });
});

describe('refused on autopilot', () => {
  it.each([
    [
      'a route with one endpoint',
      withRows('id: a\ndirect: GET /a\nrollout: { gateway: 0 }\nautopilot: {}').replace(
        '{ gateway: 0 }',
        '{ gateway: 0 }',
      ),
      '8:16  routes[0] (a).autopilot: the route has one endpoint only, so there is nothing to move; leave autopilot out, or write both direct: and gateway:',
    ],
    [
      'a route without a way back',
      read('{}', '{ gateway: 5, shadow: 10, fallback: none }'),
      '9:16  routes[0] (leads.get).autopilot: with fallback: none every failure of a raised step would reach a caller; write fallback: direct, or leave autopilot out: a retired route moves no more',
    ],
    [
      'steps that fall',
      read('{ steps: [1, 25, 5, 100] }'),
      '9:33  routes[0] (leads.get).autopilot.steps[2]: 5 is no more than 25 before it; write the steps in rising order, such as [1, 5, 25, 50, 100]',
    ],
    [
      'a step twice, in the defaults',
      `defaults: { autopilot: { steps: [5, 5] } }\n${withRows(GET_LEAD)}`,
      '1:37  defaults.autopilot.steps[1]: 5 is no more than 5 before it; write the steps in rising order, such as [1, 5, 25, 50, 100]',
    ],
    [
      'a write that would wait for shadows',
      write('{}'),
      '9:16  routes[0] (leads.create).autopilot: a write cannot be shadowed, so no parity will ever be proved; write autopilot: { gates: { parity: none } }: a human then takes the first step',
    ],
    [
      'a read that would prove nothing',
      read('{ gates: { parity: none } }'),
      '9:16  routes[0] (leads.get).autopilot: a read can be shadowed, so it must prove its parity; write gates: { parity: 0.999 } or leave it out',
    ],
    [
      'a read without shadows',
      read('{}', '{ gateway: 0 }'),
      '8:14  routes[0] (leads.get).rollout: without shadows it would never have the evidence to rise; write shadow: 10, or leave autopilot out',
    ],
  ])('%s', (_, text, line) => {
    expect(reportOf(text).map((found) => found.trim())).toContain(line);
  });

  it.each(['0', '101', '1.005'])('the step %s', (step) => {
    expect(reportOf(read(`{ steps: [${step}] }`))).toHaveLength(1);
  });
});
