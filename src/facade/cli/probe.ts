import type { PathAnswer } from '../compare/comparison.ts';
import { understand } from '../forward/error-answer.ts';
import type { Dialect, Path, RouteModel } from '../rollout/route.ts';
import { causeOf } from './admin-client.ts';

/** One read of one path, timed and judged as the data plane would judge it. */

export interface ProbeRequest {
  readonly path: Path;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The facade is asked, which answers in the words of direct whichever path served. */
  readonly isThroughFacade: boolean;
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
  /** For the comparison alone: its body is somebody's data. Undefined: no answer. */
  readonly answer: PathAnswer | undefined;
}

const TIMEOUT_MS = 30_000;

/** @param asked the dialect of `model` that was asked in. @param now milliseconds, monotonic. */
export async function probePath(
  { path, method, url, headers, isThroughFacade }: ProbeRequest,
  model: RouteModel,
  asked: Dialect,
  now: () => number,
): Promise<ProbeResult> {
  const startedAt = now();
  const result = { path, asked: `${method} ${url.split('?')[0]}`, servedBy: undefined, answer: undefined };
  try {
    const res = await fetch(url, { method, headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const body = Buffer.from(await res.arrayBuffer());
    const ms = now() - startedAt;
    const contentType = res.headers.get('content-type') ?? undefined;
    const { status } = res;
    const isSafe = model.safety === 'safe';
    const said = { path, asked, isSafe, rule: model.body, status, contentType, body, durationMs: ms };
    const meaning = status >= 400 ? understand(model.pair, said).status : status;
    const servedBy = res.headers.get('x-facade-path') ?? undefined;
    const rawHeaders = headersOf(res);
    const by = isThroughFacade ? 'direct' : path;
    const answer: PathAnswer = { path: by, status, rawHeaders, body, isComplete: true, ms, failure: undefined };
    return { ...result, status, meaning, error: undefined, ms, bytes: body.length, servedBy, answer };
  } catch (error) {
    return { ...result, status: undefined, meaning: undefined, error: causeOf(error), ms: now() - startedAt, bytes: 0 };
  }
}

/** Name, value, name, value. fetch has unpacked the body, and still names its coding. */
const headersOf = (res: Response): string[] => [...res.headers].filter(([name]) => name !== 'content-encoding').flat();
