import { describe, expect, test } from 'vitest';
import type { Notification } from '../../../../src/facade/notify/notification.ts';
import { textOf } from '../../../../src/facade/notify/text.ts';

const COMMON = { id: 'x', at: '2026-01-01T00:00:00.000Z', instance: 'one' };
const ANA = { who: 'ana', source: 'cli' } as const;
const AUTOPILOT = { who: 'autopilot', source: 'autopilot' } as const;
const change = (route: string) => ({ route, from: { gateway: 5, shadow: 10 }, to: { gateway: 25, shadow: 0 } });
const many = Array.from({ length: 7 }, (_, i) => change(`r${i}`));

describe('the text for a chat', () => {
  test.each<[string, Omit<Notification, keyof typeof COMMON>, string]>([
    ['a flip', { event: 'flip', ...change('a'), ...ANA }, 'a: gateway 5 → 25, shadow 10 → 0, by ana (cli)'],
    [
      'a flip against the evidence',
      { event: 'flip', ...change('a'), against: 'gateway 5 → 25 against the verdict', forced: true, ...ANA },
      'a: gateway 5 → 25, shadow 10 → 0 (forced: gateway 5 → 25 against the verdict), by ana (cli)',
    ],
    [
      'an edit of the file against the evidence',
      {
        event: 'flip',
        changes: [{ ...change('a'), against: 'without evidence' }, change('b')],
        source: 'file',
        who: 'file',
      },
      'a: gateway 5 → 25, shadow 10 → 0 (would have needed force: without evidence); b: gateway 5 → 25, shadow 10 → 0, by file',
    ],
    [
      'a roll back',
      { event: 'roll_back', ...change('a'), ...AUTOPILOT, why: 'slow' },
      'Rolled back: a: gateway 5 → 25, shadow 10 → 0, by autopilot: slow',
    ],
    [
      'many routes',
      { event: 'flip', changes: many },
      `${many
        .slice(0, 5)
        .map(({ route }) => `${route}: gateway 5 → 25, shadow 10 → 0`)
        .join('; ')}; and 2 routes more`,
    ],
    [
      'a proposal',
      { event: 'proposal', route: 'a', from: { gateway: 5 }, to: { gateway: 25 }, why: 'green' },
      'a: the autopilot proposes gateway 5 → 25: green',
    ],
    [
      'the kill switch',
      { event: 'kill_switch', from: 'off', to: 'on', ...ANA },
      'Kill switch on: every route is direct, by ana (cli)',
    ],
    ['its end', { event: 'kill_switch', from: 'on', to: 'off' }, 'Kill switch off: the rollout table decides'],
    [
      'a breaker',
      { event: 'breaker', route: 'a', path: 'gateway', from: 'closed', to: 'open', leftOut: 3 },
      'a: the breaker of gateway is open, on one; 3 more changes of it were left out',
    ],
    [
      'an upstream that is unhealthy',
      { event: 'health', path: 'gateway', from: 'healthy', to: 'unhealthy', why: 'timeout' },
      'gateway is unhealthy: its health checks fail, on one: timeout',
    ],
    [
      'and is healthy again',
      { event: 'health', path: 'gateway', from: 'unhealthy', to: 'healthy' },
      'gateway is healthy: its health checks succeed again, on one',
    ],
    [
      'parity',
      { event: 'parity', route: 'a', from: 'ready', to: 'not ready', why: '9 of 10 differ' },
      'a: parity is not ready, it was ready: 9 of 10 differ',
    ],
  ])('of %s', (_, notification, text) => {
    expect(textOf({ ...COMMON, ...notification }, undefined)).toBe(text);
  });

  test('calls nobody, hides no address, and is one line', () => {
    const why = '<!channel> @here <https://evil.example|the console>\n& more\u202e';
    const text = textOf({ ...COMMON, event: 'flip', ...change('a'), why }, 'https://facade.example/#/routes/a');
    expect(text).toContain('&lt;!channel&gt; @\u200bhere &lt;https://evil.example|the console&gt;\\n&amp; more\\u202e');
    expect(text.endsWith(' https://facade.example/#/routes/a')).toBe(true);
  });
});
