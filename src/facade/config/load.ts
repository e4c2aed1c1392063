import { createHash } from 'node:crypto';
import { normalBaseUrl } from '../../http/base-url.ts';
import { draftOf } from './checks/draft.ts';
import { runChecks } from './checks/index.ts';
import { withoutConsequences } from './consequences.ts';
import { readDocument, type Position } from './document.ts';
import { explain } from './explain.ts';
import { placeName } from './place.ts';
import { MAX_PROBLEMS, remedyOf, type ConfigProblem, type Finding } from './problem.ts';
import type { FacadeConfig } from './schema.ts';
import { ENGINE_SCHEMA } from './table-schema.ts';
import { expandVariables, type Variables } from './variables.ts';

/**
 * From the text of config/facade.yaml to a config that can be served, or to the reasons why not, at once and in the
 * order of the file: the first MAX_PROBLEMS of them, and how many more there are. Pure: the caller reads the file and hands in the environment.
 */

export { formatProblems, type ConfigProblem } from './problem.ts';

export type ParsedConfig =
  | { readonly ok: true; readonly config: FacadeConfig; readonly digest: string }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/**
 * Parses and checks. In `config` all URLs and secrets are expanded. Those of the upstreams end without a slash; the gateway's is
 * empty when its variable is not set.
 * @param schema with the section of an extension, where there is one.
 */
export function parseConfig(text: string, env: Variables, schema = ENGINE_SCHEMA): ParsedConfig {
  const document = readDocument(text);
  const { value, faults } = document;
  if (!document.readable) return { ok: false, problems: told(faults, value) };
  const parsed = schema.parse(value);
  const found = [...(parsed.ok ? [] : explain(parsed.issues, value, schema)), ...runChecks(draftOf(value, env))];
  const findings = withoutConsequences(found);
  if (parsed.ok && findings.length === 0 && faults.length === 0) {
    return { ok: true, config: withUrls(parsed.config, env), digest: digestOf(text) };
  }
  const located = findings.map((finding) => ({ ...finding, ...document.position(finding.path, finding.at) }));
  return { ok: false, problems: told([...faults, ...located], value) };
}

/** Names a version of the file in logs and metrics: the first 12 hex digits of its SHA-256. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function withUrls(config: FacadeConfig, env: Variables): FacadeConfig {
  const { direct, gateway } = config.upstreams;
  const url = (written: string) => {
    const { text, missing } = expandVariables(written, env);
    return missing.length > 0 ? '' : normalBaseUrl(text);
  };
  return {
    ...config,
    upstreams: { direct: { ...direct, url: url(direct.url) }, gateway: { ...gateway, url: url(gateway.url) } },
    notify: config.notify.map(({ url, events, secret }) => ({
      url: expandVariables(url, env).text.trim(),
      events,
      secret: secret === undefined ? undefined : expandVariables(secret, env).text.trim(),
    })),
  };
}

type LocatedFinding = Pick<Finding, 'path' | 'message' | 'remedy'> & Position;

function told(all: readonly LocatedFinding[], root: unknown): ConfigProblem[] {
  const sorted = all.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const problems = sorted.slice(0, MAX_PROBLEMS).map((one) => named(one, root));
  const next = sorted[MAX_PROBLEMS];
  if (!next) return problems;
  const message = `and ${sorted.length - MAX_PROBLEMS} more from here on`;
  return [...problems, named({ ...next, path: [], message, remedy: 'mend those above first' }, root)];
}

function named(problem: LocatedFinding, root: unknown): ConfigProblem {
  const { line, column, path, message } = problem;
  return { line, column, where: placeName(path, root), message, remedy: remedyOf(problem) };
}
