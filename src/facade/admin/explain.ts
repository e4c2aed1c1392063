import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { DataPlane } from '../forward/data-plane.ts';
import { callerNamed, explainRequest, type Explanation } from '../forward/explain.ts';
import type { HealthState } from '../forward/upstream-health.ts';
import { refuse } from '../../http/page-errors.ts';

/**
 * POST /api/explain: what would become of a request on the table that serves now. A POST, so that paths and bodies,
 * which may hold personal data, stand in no URL of ours.
 */

const question = z.strictObject({
  method: z.string().regex(/^[A-Z]+$/, 'write it in capitals'),
  /** Path and query, as a caller would send them. */
  target: z.string().startsWith('/'),
  caller: z.string().default('known'),
  headers: z.record(z.string().toLowerCase(), z.string()).default({}),
  body: z.string().optional(),
});

export interface ExplainAnswer {
  readonly digest: string;
  readonly killSwitch: boolean;
  /** The caller's id; null: unknown. */
  readonly caller: string | null;
  readonly explanation: Explanation;
  /** Of the route's two paths. */
  readonly breakers: { readonly direct: string; readonly gateway: string } | undefined;
  /** What the health checks of the gateway say; undefined: no facade that runs was asked. */
  readonly gatewayHealth?: HealthState | undefined;
}

export function explain(dataPlane: DataPlane): RequestHandler {
  return (req: Request, res: Response) => {
    const asked = question.safeParse(req.body);
    if (!asked.success) {
      const detail = asked.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`);
      return refuse(req, res, { status: 400, kind: 'bad-question', detail: detail.join('; ') });
    }
    const { method, target, headers, body } = asked.data;
    const caller = callerNamed(asked.data.caller, dataPlane.callers.all);
    if (caller === null) {
      const detail = 'No known caller has this id; write known, unknown, or the twelve digits that the log shows.';
      return refuse(req, res, { status: 404, kind: 'unknown-caller', detail });
    }
    const { snapshot, killed } = dataPlane;
    const { direct, gateway } = snapshot.upstreams;
    const situation = {
      matcher: snapshot.matcher,
      gatewayAvailable: gateway !== undefined,
      killed,
      forceHeader: snapshot.forceHeader,
      forceSecret: dataPlane.forceSecret,
      lastWriterOf: dataPlane.lastWriterOf.bind(dataPlane),
      bases: { direct: direct.settings.url, gateway: gateway?.settings.url ?? '' },
    };
    const sent = body === undefined ? undefined : Buffer.from(body);
    const explanation = explainRequest(situation, { method, target, headers, body: sent, caller });
    const row = explanation.kind === 'route' ? explanation.route : undefined;
    const entry = snapshot.entries.find(({ model }) => model.id === row);
    const answer: ExplainAnswer = {
      digest: snapshot.digest,
      killSwitch: killed,
      caller: caller?.id ?? null,
      explanation,
      breakers: entry && { direct: entry.state.breakerState('direct'), gateway: entry.state.breakerState('gateway') },
      gatewayHealth: snapshot.health.gateway.state,
    };
    res.json(answer);
  };
}
