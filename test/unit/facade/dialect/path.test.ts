import { describe, expect, it } from 'vitest';
import { decodesTo, renderPath } from '../../../../src/facade/dialect/path.ts';
import type { Endpoint } from '../../../../src/facade/rollout/route.ts';

const endpoint: Endpoint = {
  method: 'POST',
  template: '/leads/:leadId/mark-interacted',
  segments: ['leads', 0, 'mark-interacted'],
};

describe('the path of the other endpoint', () => {
  it('joins literals and raw parameters and decodes nothing', () => {
    expect(renderPath(endpoint, ['a%2Fb%20+c'])).toBe('/leads/a%2Fb%20+c/mark-interacted');
  });

  it.each([
    ['/integration/leads/:leadId/create_message', '/leads/:leadId/messages'],
    ['/integration/leads/:leadId/create_tag', '/leads/:leadId/tags'],
    ['/integration/leads/:leadId/mark_as_interacted', '/leads/:leadId/mark-interacted'],
    ['/integration/leads/:leadId/done_deal', '/leads/:leadId/done-deal'],
    ['/integration/leads/:leadId/create_visit', '/leads/:leadId/visits'],
    ['/integration/leads/:leadId/create_activity', '/leads/:leadId/activities'],
    ['/integration/distribution_queues/:queueId/next_seller', '/distribution/queues/:queueId/next-seller'],
    ['/integration/me', '/company/me'],
  ])('%s and %s carry the same raw id', (direct, gateway) => {
    for (const template of [direct, gateway]) {
      const segments = template
        .slice(1)
        .split('/')
        .map((part) => (part.startsWith(':') ? 0 : part));
      expect(renderPath({ method: 'GET', template, segments }, ['%41b'])).toBe(template.replace(/:\w+/, '%41b'));
    }
  });

  it('fills several parameters by their index', () => {
    const swapped: Endpoint = { method: 'GET', template: '/b/:b/a/:a', segments: ['b', 1, 'a', 0] };
    expect(renderPath(swapped, ['x', 'y'])).toBe('/b/y/a/x');
  });

  it('renders an endpoint without segments as the root', () => {
    expect(renderPath({ method: 'GET', template: '/', segments: [] }, [])).toBe('/');
  });

  it('refuses to send half a path when a parameter is missing', () => {
    expect(() => renderPath(endpoint, [])).toThrow(RangeError);
  });
});

describe('a lead whose id decodes to a static sibling', () => {
  it.each(['resolve-source', 'resolve%2Dsource', '%72esolve-source', '%72%65%73%6f%6c%76%65%2d%73%6f%75%72%63%65'])(
    'sees resolve-source in %s',
    (id) => expect(decodesTo(id, 'resolve-source')).toBe(true),
  );

  it.each(['', 'resolve', 'resolve-sourcf', 'Resolve-source', 'resolve-source2', 'resolve%2Dsource%', '%FF'])(
    'does not see it in %j',
    (id) => expect(decodesTo(id, 'resolve-source')).toBe(false),
  );
});
