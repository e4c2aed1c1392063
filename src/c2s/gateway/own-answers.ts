import { json, problem } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Fields } from './body.ts';
import { enrich } from './campaign-lead.ts';
import type { Campaigns } from './campaigns.ts';
import type { Ending } from '../../http/buffered-exchange.ts';
import type { OperationId } from './operations.ts';
import { relay } from './relay.ts';
import type { CrmClient } from './upstream.ts';

/** The operations that the gateway answers without Contact2Sale. */

/** A validated request. */
export interface Call {
  readonly requestId: string;
  /** Escaped as one path segment each. */
  readonly params: readonly string[];
  /** What follows the `?`. */
  readonly query: string;
  readonly fields: Fields;
  readonly ending: Ending;
}

export type OwnAnswer = (call: Call) => Answer | Promise<Answer>;

interface OwnParts {
  readonly campaigns: Campaigns;
  /** Unset: resolve-source answers 503. */
  readonly ads: Pick<CrmClient, 'ask'> | undefined;
  /** The process is ending. */
  readonly draining: () => boolean;
}

const ADS_UNSET = {
  name: 'not-configured',
  status: 503,
  title: 'No ads gateway',
  detail: 'The source of a lead cannot be resolved: this gateway was given no address of an ads gateway.',
} as const;

/** Sent to the ads gateway as asked, without the Contact2Sale token, which is none of its business. */
async function resolveSource(ads: OwnParts['ads'], { query, requestId, ending }: Call): Promise<Answer> {
  if (!ads) return problem(ADS_UNSET, requestId);
  const path = query === '' ? '/leads/resolve-source' : `/leads/resolve-source?${query}`;
  const headers = ['accept', 'application/json', 'user-agent', 'c2s-gateway', 'x-request-id', requestId];
  return relay(await ads.ask({ method: 'GET', path, headers }, ending), requestId);
}

function getCampaign(campaigns: Campaigns, [id = '']: readonly string[]): Answer {
  const campaignId = decodeURIComponent(id);
  const campaign = campaigns.get(campaignId);
  if (!campaign) return json(404, { detail: 'Campaign not found' });
  return json(200, { campaign_id: campaignId, mapping_version: campaigns.version, ...campaign });
}

const IDENTITY = { service: 'c2s-gateway' } as const;

/** Of the process alone: whether Contact2Sale takes our token is /readyz, on the admin listener. */
function health(draining: boolean, answer: Readonly<Record<string, string>>): Answer {
  return draining ? json(503, { ...answer, status: 'draining' }) : json(200, answer);
}

export function ownAnswers({ campaigns, ads, draining }: OwnParts): Partial<Record<OperationId, OwnAnswer>> {
  return {
    'gateway.root': () => health(draining(), { ...IDENTITY, status: 'ok', docs: '/docs', openapi: '/openapi.json' }),
    'gateway.health': () => health(draining(), { ...IDENTITY, status: 'healthy' }),
    'campaigns.enrich': ({ fields }) => json(200, enrich(campaigns, fields)),
    'campaigns.get': ({ params }) => getCampaign(campaigns, params),
    'leads.resolveSource': (call) => resolveSource(ads, call),
  };
}
