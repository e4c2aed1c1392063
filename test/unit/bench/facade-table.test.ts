import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { facadeConfigSchema } from '../../../src/facade/config/schema.ts';
import { benchTable } from '../../../bench/kit/facade.ts';

const TABLE = `
upstreams:
  direct: { url: "\${C2S_BASE_URL}", rateBudget: { requests: 10, period: 1m } } # as granted
  gateway: { url: "\${C2S_GATEWAY_URL}" }
routes:
  - id: leads.list
    direct: GET /integration/leads
    gateway: GET /leads
    rollout: { gateway: 0 }
  - id: leads.get
    direct: GET /integration/leads/:leadId
    gateway: GET /leads/:leadId
    rollout: { gateway: 0, stickyBy: leadId }
`;
const read = (yaml: string) => facadeConfigSchema.parse(parse(yaml));

describe('the table of the bench', () => {
  it('is that of the operator with half of the leads on the gateway path and a budget that is never spent', () => {
    const table = read(benchTable(TABLE, {}));
    expect(table.routes.map((route) => route.rollout.gateway)).toEqual([0, 50]);
    expect(table.upstreams.direct.rateBudget?.requests).toBe(10_000_000);
    expect(table.upstreams.gateway.rateBudget).toBeUndefined();
  });

  it('grows to as many routes as asked, each of its own id and endpoint', () => {
    const { routes } = read(benchTable(TABLE, { routes: 1_000 }));
    expect(routes).toHaveLength(1_000);
    expect(new Set(routes.map((route) => route.id)).size).toBe(1_000);
    expect(new Set(routes.map((route) => route.direct)).size).toBe(1_000);
  });

  it('claims nothing that is measured where that is asked for', () => {
    const { routes } = read(benchTable(TABLE, { isUnclaimed: true }));
    expect(routes.map(({ direct }) => direct)).toEqual(['GET /integration/leads', 'GET /integration/unasked/:leadId']);
  });

  it('lengthens the total deadline for large bodies', () => {
    expect(read(benchTable(TABLE, { total: '10m', gateway: 0 })).defaults.deadlines.total).toBe(600_000);
  });

  it('is refused without the route that is measured', () => {
    expect(() => benchTable('routes: []', {})).toThrow('leads.get');
  });
});
