import { formatProblems, parseConfig, type ConfigProblem } from '../../../../src/facade/config/load.ts';
import type { FacadeConfig } from '../../../../src/facade/config/schema.ts';

export const ENV = { C2S_BASE_URL: 'https://crm.example' };

/** Lines 1–3 of every config below; `routes:` is line 4, the first route begins on line 5. */
const HEAD = `upstreams:
  direct: { url: "\${C2S_BASE_URL}" }
  gateway: { url: "\${C2S_GATEWAY_URL}" }
`;

/** A config of the given routes, each written as it would stand under `routes:` without its indentation. */
export function withRows(...rows: string[]): string {
  return `${HEAD}routes:\n${rows.map((row) => `  - ${row.trim().replaceAll('\n', '\n    ')}\n`).join('')}`;
}

export const GET_LEAD = `id: leads.get
direct: GET /integration/leads/:leadId
gateway: GET /leads/:leadId
rollout: { gateway: 0 }`;

export const CREATE_LEAD = `id: leads.create
direct: POST /integration/leads
gateway: POST /leads
rollout: { gateway: 0 }`;

/** A sound config with one part in front of it, such as `server: {…}`. */
export const withPart = (part: string) => `${part.trim()}\n${withRows(GET_LEAD)}`;

export function problemsOf(text: string, env: Record<string, string | undefined> = ENV): readonly ConfigProblem[] {
  const parsed = parseConfig(text, env);
  return parsed.ok ? [] : parsed.problems;
}

/** The report as lines, `line:column  where: message; remedy`. */
export function reportOf(text: string, env: Record<string, string | undefined> = ENV): string[] {
  const problems = problemsOf(text, env);
  return problems.length === 0 ? [] : formatProblems('f', problems).replaceAll(/^f:/gm, '').split('\n');
}

export function configOf(text: string, env: Record<string, string | undefined> = ENV): FacadeConfig {
  const parsed = parseConfig(text, env);
  if (!parsed.ok) throw new Error(formatProblems('config', parsed.problems));
  return parsed.config;
}
