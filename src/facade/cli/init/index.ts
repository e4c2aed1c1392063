import type { PairVariables } from '../../config/variables.ts';
import { breachOf, TABLE_BOUNDS } from '../../config/bounds.ts';
import type { ConfigProblem } from '../../config/problem.ts';
import { endpointsFor } from './endpoints.ts';
import { matchOperations } from './match.ts';
import { readApi, type Api } from './openapi.ts';
import { draftRoutes } from './routes.ts';
import { remarksIn, writeTable } from './table.ts';

/**
 * Two OpenAPI documents → the first rollout table: read (openapi.ts), match (match.ts, endpoints.ts), translate (routes.ts,
 * translate.ts), write (table.ts). Pure.
 */

export interface NamedText {
  readonly file: string;
  readonly text: string;
}

export interface FirstTable {
  readonly text: string;
  /** Routes that can move: both sides have the operation. */
  readonly pairs: number;
  readonly directOnly: number;
  /** Operations of the gateway alone, as comments. */
  readonly gatewayOnly: number;
  /** Remarks for a human. */
  readonly remarks: number;
}

type MadeTable =
  | { readonly ok: true; readonly table: FirstTable }
  | { readonly ok: false; readonly problems: readonly { readonly file: string; readonly problem: ConfigProblem }[] };

/** @param variables that hold the addresses of the two sides. */
export function firstTable(direct: NamedText, gateway: NamedText, variables: PairVariables): MadeTable {
  const [ofDirect, ofGateway] = [readApi(direct.text), readApi(gateway.text)];
  if (ofDirect.ok && ofGateway.ok) {
    return tableOf({ file: direct.file, api: ofDirect.api }, { file: gateway.file, api: ofGateway.api }, variables);
  }
  const problemsOf = (file: string, read: typeof ofDirect): { file: string; problem: ConfigProblem }[] =>
    read.ok ? [] : read.problems.map((problem) => ({ file, problem }));
  return { ok: false, problems: [...problemsOf(direct.file, ofDirect), ...problemsOf(gateway.file, ofGateway)] };
}

interface NamedApi {
  readonly file: string;
  readonly api: Api;
}

function tableOf(direct: NamedApi, gateway: NamedApi, variables: PairVariables): MadeTable {
  const matching = matchOperations(direct.api.operations, gateway.api.operations);
  const endpoints = endpointsFor(matching);
  const made = draftRoutes(endpoints, matching.prefix);
  if (made.routes.length === 0) {
    const remedy = 'write the paths in whole segments of plain text or {name}';
    return refused(direct.file, made.refused[0] ?? 'no operation can be a route', remedy);
  }
  const text = writeTable(made, {
    variables,
    direct: { ...direct, prefix: matching.prefix.direct },
    gateway: { ...gateway, prefix: matching.prefix.gateway },
    gatewayBase: endpoints.gatewayBase,
  });
  const breach = breachOf(text, { ...TABLE_BOUNDS, subject: 'the table' });
  if (breach) {
    return refused(
      direct.file,
      `the table of ${made.routes.length} routes could not be read again: ${breach.message}`,
      'leave out operations that will not move',
    );
  }
  const pairs = made.routes.filter(({ gatewayEndpoint }) => gatewayEndpoint !== undefined).length;
  const directOnly = made.routes.length - pairs;
  return {
    ok: true,
    table: { text, pairs, directOnly, gatewayOnly: made.gatewayOnly.length, remarks: remarksIn(text) },
  };
}

const refused = (file: string, message: string, remedy: string): MadeTable => ({
  ok: false,
  problems: [{ file, problem: { line: 1, column: 1, where: 'paths', message, remedy } }],
});
