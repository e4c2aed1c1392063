import { causeOf } from '../../facade/cli/admin-client.ts';

/**
 * The four checks of a deployment, against any base URL: is it the facade, can a lead be read, a message be sent, a lead
 * be enriched? The last two write into the CRM, so they are done once, never repeated, and can be left out.
 */

interface SmokeTarget {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token: string;
  readonly leadId: string;
  /** What the message says. */
  readonly message: string;
}

export interface SmokeResult {
  readonly check: string;
  readonly ok: boolean;
  /** Milliseconds. */
  readonly ms: number;
  /** No answer came at all. */
  readonly unreachable: boolean;
  /** For a human; holds nothing of the lead. */
  readonly detail: string;
}

interface SmokeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
}

interface SmokeCheck {
  readonly name: string;
  readonly writes: boolean;
  readonly ask: (target: SmokeTarget) => readonly [path: string, init?: RequestInit];
  /** What is good about the answer; undefined: nothing. */
  readonly good: (answer: SmokeAnswer, target: SmokeTarget) => string | undefined;
}

/** Milliseconds. Above the 25 s that the facade takes at most, and the wait for an enrichment. */
const DEADLINE = 40_000;

const lead = ({ leadId }: SmokeTarget) => encodeURIComponent(leadId);
const by = ({ headers }: SmokeAnswer) => `by ${headers.get('x-facade-path') ?? 'an unknown path'}`;
const isSuccess = ({ status }: SmokeAnswer) => status >= 200 && status < 300;

const CHECKS: readonly SmokeCheck[] = [
  {
    name: 'health',
    writes: false,
    ask: () => ['/health'],
    good: ({ status, json }) =>
      status === 200 && json['service'] === 'c2s-facade' && json['status'] === 'ok' ? 'the facade is well' : undefined,
  },
  {
    name: 'read a lead',
    writes: false,
    ask: (target) => [`/integration/leads/${lead(target)}`],
    good: (answer, target) =>
      answer.status === 200 && (answer.json['data'] as { id?: unknown } | undefined)?.id === target.leadId
        ? by(answer)
        : undefined,
  },
  {
    name: 'send a message',
    writes: true,
    ask: (target) => [`/integration/leads/${lead(target)}/create_message`, posted({ body: target.message })],
    good: (answer) => (isSuccess(answer) && answer.headers.has('x-facade-route') ? by(answer) : undefined),
  },
  {
    name: 'enrich a lead',
    writes: true,
    ask: (target) => [`/api/v1/c2s/enrich/${lead(target)}`, posted({})],
    good: ({ status, json }) =>
      json['success'] === true && (status === 200 || status === 202) ? String(json['message']) : undefined,
  },
];

const posted = (body: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/**
 * One check after the other; a deployment that does not answer at all is asked no further.
 * @param now milliseconds, monotonic.
 */
export async function smoke(target: SmokeTarget, isReadOnly: boolean, now: () => number): Promise<SmokeResult[]> {
  const results: SmokeResult[] = [];
  for (const check of CHECKS) {
    if (isReadOnly && check.writes) continue;
    const result = await run(check, target, now);
    results.push(result);
    if (result.unreachable) break;
  }
  return results;
}

async function run(check: SmokeCheck, target: SmokeTarget, now: () => number): Promise<SmokeResult> {
  const startedAt = now();
  const done = (ok: boolean, detail: string, unreachable = false): SmokeResult => ({
    check: check.name,
    ok,
    ms: now() - startedAt,
    unreachable,
    detail: !ok && check.writes ? `${detail} ${UNKNOWN}` : detail,
  });
  try {
    const [path, init = {}] = check.ask(target);
    const res = await fetch(target.url + path, {
      ...init,
      headers: { authorization: `Bearer ${target.token}`, 'user-agent': 'c2s-facade-smoke', ...init.headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(DEADLINE),
    });
    const answer = { status: res.status, headers: res.headers, json: await jsonOf(res) };
    const good = check.good(answer, target);
    return good === undefined ? done(false, fault(answer)) : done(true, good);
  } catch (error) {
    return done(false, `No answer (${causeOf(error)}).`, true);
  }
}

/** A write that failed may have been carried out all the same. */
const UNKNOWN = 'Look at the lead before you repeat this.';

async function jsonOf(res: Response): Promise<Record<string, unknown>> {
  const text = await res.text();
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Problems of the facade's own are told in its words; other bodies may hold personal data and are not shown. */
function fault({ status, headers, json }: SmokeAnswer): string {
  const isProblem = /^application\/problem\+json\s*(?:;|$)/i.test(headers.get('content-type') ?? '');
  const outcome = headers.get('x-facade-outcome');
  const said =
    isProblem && typeof json['detail'] === 'string'
      ? json['detail']
      : 'not the answer that was expected; is SMOKE_TOKEN the token of a known caller, and SMOKE_LEAD_ID a lead of it?';
  return `${status}${outcome === null ? '' : ` (${outcome})`}: ${said}`;
}
