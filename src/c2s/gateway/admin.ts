import type { IncomingMessage, ServerResponse } from 'node:http';
import { json, notFound } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Campaigns } from './campaigns.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Tokens } from './tokens.ts';

/**
 * The listener for machines that look after the gateway. A port of its own, so that metrics are never reachable
 * where callers are. It says nothing about leads and knows no secrets.
 */

interface AdminParts {
  readonly metrics: GatewayMetrics;
  readonly tokens: Tokens;
  readonly campaigns: Campaigns;
  readonly draining: () => boolean;
}

/** Why the gateway should get no traffic; empty when it should. */
function hindrances({ tokens, draining }: AdminParts): string[] {
  const reasons: string[] = [];
  if (tokens.state === 'missing') reasons.push('no Contact2Sale token is configured');
  if (tokens.state === 'refused') reasons.push('Contact2Sale refuses every configured token, with 401 or 403');
  if (draining()) reasons.push('the process is ending');
  return reasons;
}

async function answer(parts: AdminParts, path: string): Promise<Answer> {
  switch (path) {
    case '/healthz':
      return json(200, { status: 'ok' });
    case '/readyz': {
      const reasons = hindrances(parts);
      return json(reasons.length === 0 ? 200 : 503, { status: reasons.length === 0 ? 'ready' : 'not ready', reasons });
    }
    case '/metrics':
      return {
        status: 200,
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
        body: await parts.metrics.text(),
      };
    case '/campaigns/unmapped':
      return json(200, parts.campaigns.unmapped);
    default:
      return notFound();
  }
}

/** GET and HEAD of /healthz, /readyz, /metrics and /campaigns/unmapped. */
export function createAdmin(parts: AdminParts) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const path = isRead ? (request.url ?? '').replace(/\?.*/, '') : '';
    answer(parts, path).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(body),
      () => response.writeHead(500).end(),
    );
  };
}
