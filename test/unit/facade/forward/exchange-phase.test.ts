import { describe, expect, test } from 'vitest';
import type { Attempt, AttemptPhase } from '../../../../src/facade/forward/attempt.ts';
import { attemptOf, leftAt, type Phase } from '../../../../src/facade/forward/exchange-phase.ts';

const attempt = { phase: 'send' } as Attempt;

describe('the attempt that is under way', () => {
  const phases: [Phase, Attempt | undefined][] = [
    [{ kind: 'planning' }, undefined],
    [{ kind: 'queued', upstream: {} as never, plan: {} as never }, undefined],
    [{ kind: 'asking', attempt }, attempt],
    [{ kind: 'answering', attempt, isEventStream: false }, attempt],
    [{ kind: 'understanding', attempt, held: {} as never }, attempt],
    [{ kind: 'answered', isEventStream: false }, undefined],
    [{ kind: 'closed' }, undefined],
  ];
  test.each(phases)('of $kind', (phase, expected) => {
    expect(attemptOf(phase)).toBe(expected);
  });
});

describe('what a request came to whose caller leaves', () => {
  const left: [AttemptPhase, string][] = [
    ['connect', 'client_admit'],
    ['send', 'client_send'],
    ['respond', 'client_respond'],
    ['body', 'client_body'],
    ['ended', 'client_body'],
  ];
  test.each(left)('while its attempt is at %s: %s', (phase, outcome) => {
    expect([leftAt({ phase }, false), leftAt({ phase }, true)]).toEqual([outcome, outcome]);
  });

  test('without an attempt, by whether the caller has a byte', () => {
    expect([leftAt(undefined, false), leftAt(undefined, true)]).toEqual(['client_admit', 'client_body']);
  });
});
