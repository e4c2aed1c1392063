import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { parseConfig } from '../../../../src/facade/config/load.ts';
import { runtimeSettings } from '../../../../src/facade/forward/settings.ts';
import type { RuntimeSettings } from '../../../../src/facade/forward/runtime-builder.ts';
import { formatProblems } from '../../../../src/facade/config/problem.ts';

/** The settings of a table, by the same way as in the app: from the text that an operator would write. */

export interface Written {
  readonly routes: readonly object[];
  readonly direct?: object;
  readonly gateway?: object;
  readonly defaults?: object;
  readonly failover?: object;
  readonly server?: object;
  readonly passthrough?: object;
}

export const DIRECT_URL = 'http://direct.invalid';
export const GATEWAY_URL = 'http://gateway.invalid';

export const GET_LEAD = {
  id: 'leads.get',
  direct: 'GET /integration/leads/:leadId',
  gateway: 'GET /leads/:leadId',
  rollout: { gateway: 25, shadow: 10, stickyBy: 'leadId', fallback: 'direct' },
};
export const SOURCE = {
  id: 'leads.resolveSource',
  gateway: 'GET /leads/resolve-source',
  rollout: { gateway: 100, fallback: 'none' },
};

/** YAML is a superset of JSON, so the text is JSON. */
export function configText({ routes, direct, gateway, ...rest }: Written): string {
  const upstreams = { direct: { url: DIRECT_URL, ...direct }, gateway: { url: GATEWAY_URL, ...gateway } };
  return JSON.stringify({ upstreams, routes, ...rest }, undefined, 2);
}

export function settingsOf(written: Written, digest = 'r1'): RuntimeSettings {
  const parsed = parseConfig(configText(written), {});
  if (!parsed.ok) throw new Error(formatProblems('fixture', parsed.problems));
  return runtimeSettings(parsed.config, CONTACT2SALE, digest);
}
