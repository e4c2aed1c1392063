import { expect, it } from 'vitest';
import { troubleOf } from '../../../../src/facade/steer/gateway-trouble.ts';

const WELL = { isUnhealthy: false };
const ILL = { isUnhealthy: true };
const breaker = (state: 'closed' | 'half-open' | 'open', percent?: number) => ({
  breakerState: (path: string) => (path === 'gateway' ? state : ('open' as const)),
  rampPercent: (path: string) => (path === 'gateway' ? percent : 25),
});

it.each([
  ['closed and well', breaker('closed'), WELL, undefined],
  ['no route', undefined, WELL, undefined],
  ['open', breaker('open'), WELL, { text: "the gateway's breaker is open", isDown: true }],
  [
    'half-open, probing',
    breaker('half-open', 0),
    WELL,
    { text: "the gateway's breaker is half-open and lets one request at a time through", isDown: false },
  ],
  [
    'half-open, climbing',
    breaker('half-open', 5),
    WELL,
    { text: "the gateway's breaker is half-open and lets 5 % of the requests through", isDown: false },
  ],
  ['unhealthy', breaker('closed'), ILL, { text: 'the gateway is unhealthy (its health checks fail)', isDown: true }],
  [
    'unhealthy and half-open',
    breaker('half-open', 1),
    ILL,
    { text: 'the gateway is unhealthy (its health checks fail)', isDown: true },
  ],
  [
    'unhealthy and open',
    breaker('open'),
    ILL,
    { text: "the gateway's breaker is open and the gateway is unhealthy (its health checks fail)", isDown: true },
  ],
])('what speaks against giving the gateway more: %s', (_, state, health, trouble) => {
  expect(troubleOf(state, health)).toEqual(trouble);
});
