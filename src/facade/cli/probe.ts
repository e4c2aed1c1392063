import { understand } from '../forward/error-answer.ts';
import type { Dialect, Path, RouteModel } from '../rollout/route.ts';
import { causeOf } from './admin-client.ts';

/** One read of one path, timed and judged as the data plane would judge it; its body never leaves this room. */

export interface ProbeRequest {
  readonly path: Path;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ProbeResult {
  readonly path: Path;
  /** What was asked, without a query: that may hold personal data. */
  readonly asked: string;
  /** As it came; undefined: no answer. */
  readonly status: number | undefined;
  /** What a caller would see: a 500 of the gateway may be Contact2Sale's own 404. */
  readonly meaning: number | undefined;
  readonly error: string | undefined;
  /** Milliseconds to the last byte. */
  readonly ms: number;
  readonly bytes: number;
  /** Which path really answered, where the facade was asked. */
  readonly servedBy: string | undefined;
  /** The body, where it was JSON. */
  readonly json: unknown;
}

/** Milliseconds. */
const DEADLINE = 30_000;

/** @param asked the dialect of `model` that was asked in. @param now milliseconds, monotonic. */
export async function probePath(
  { path, method, url, headers }: ProbeRequest,
  model: RouteModel,
  asked: Dialect,
  now: () => number,
): Promise<ProbeResult> {
  const startedAt = now();
  const result = { path, asked: `${method} ${url.split('?')[0]}`, servedBy: undefined, json: undefined };
  try {
    const res = await fetch(url, { method, headers, redirect: 'manual', signal: AbortSignal.timeout(DEADLINE) });
    const body = Buffer.from(await res.arrayBuffer());
    const ms = now() - startedAt;
    const contentType = res.headers.get('content-type') ?? undefined;
    const { status } = res;
    const answer = { path, asked, rule: model.body, status, contentType, body, durationMs: ms };
    const meaning = status >= 400 ? understand(model.pair, answer).status : status;
    const servedBy = res.headers.get('x-facade-path') ?? undefined;
    return { ...result, status, meaning, error: undefined, ms, bytes: body.length, servedBy, json: parsed(body) };
  } catch (error) {
    return { ...result, status: undefined, meaning: undefined, error: causeOf(error), ms: now() - startedAt, bytes: 0 };
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}
