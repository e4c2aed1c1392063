import { DeadlineWatch } from '../../http/deadlines.ts';
import type { InboundRequest } from '../forward/exchange.ts';
import type { RuntimeSnapshot, RouteEntry } from '../forward/runtime-snapshot.ts';
import { requestHeaders, type Credentials } from '../forward/headers.ts';
import { targetFor } from '../forward/plan.ts';
import type { Caller } from '../forward/callers.ts';
import type { ResponseBuffer } from '../forward/shadow-sink.ts';
import type { RouteState } from '../forward/route-state.ts';
import type { Upstream } from '../forward/upstream.ts';
import type { Endpoint, Path } from '../rollout/route.ts';
import { Batches } from './batches.ts';
import type { ShadowBudget } from './shadow-budget.ts';
import type { LimitPause } from './limit-pause.ts';
import type { PathAnswer, ErrorReason, ObservationKind } from './comparison.ts';
import { ShadowCall, type ShadowAnswer, type ShadowRequest } from './shadow-call.ts';
import { ShadowLane } from './shadow-lane.ts';

/**
 * Copies answered reads to the other path, off the answer's way: a queue that drops when it is full, a few at a time,
 * each under its own deadline, on connections of their own, and only out of the rate budget that live traffic leaves.
 * Both paths end in the same CRM, so every shadow is taken out of Contact2Sale's budget, whichever way it goes.
 *
 * A share of them goes direct against direct. What differs there is noise: what the CRM says of itself from one moment
 * to the next, which no gateway can be blamed for.
 */

export interface ShadowSettings {
  /** Shadows under way at once. */
  readonly maxInflight: number;
  /** Copies that wait; one more is dropped. */
  readonly maxQueue: number;
  /** For all of one shadow. */
  readonly deadlineMs: number;
  /** Of each answer, that are compared. */
  readonly maxBodyBytes: number;
}

/** What both sides said to the same question. */
export interface Shadowed {
  readonly asked: InboundRequest;
  readonly kind: ObservationKind;
  /** Direct's answer, whether the caller got it or the shadow did. */
  readonly control: PathAnswer;
  /** The gateway's; of a noise pair direct's other one. */
  readonly candidate: PathAnswer;
}

export interface ShadowPorts {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly snapshot: () => RuntimeSnapshot;
  readonly credentials: (path: Path, caller: Caller | undefined) => Credentials;
  /** The process has enough to do: nothing is begun that could be left undone. */
  readonly isUnderPressure: () => boolean;
  /** An upstream said 429 a moment ago. */
  readonly pause: LimitPause;
  /** Requests of the day. */
  readonly budget: Pick<ShadowBudget, 'isSpent' | 'take'>;
  /** Share of a route's shadows that ask direct twice, 0..1; more while its noise is not known yet. */
  readonly noiseShare: (entry: RouteEntry) => number;
  /** Both answered, or one could not. */
  readonly compared: (shadowed: Shadowed) => void;
  /** The comparison itself failed. */
  readonly failed: (entry: RouteEntry, error: unknown) => void;
  /** Wanted, and not run. */
  readonly notRun: (entry: RouteEntry, reason: ErrorReason) => void;
}

interface Leg {
  readonly path: Path;
  readonly request: ShadowRequest;
}

interface Job {
  readonly asked: InboundRequest;
  readonly kind: ObservationKind;
  /** The reads that are needed, of which so many are done. */
  readonly legs: readonly Leg[];
  done: number;
  /** Both sides in the end; of a pair across, the caller's answer is the first. */
  readonly answers: ShadowAnswer[];
}

export class ShadowRunner {
  #settings: ShadowSettings;
  readonly #ports: ShadowPorts;
  readonly #deadlines: DeadlineWatch<ShadowCall>;
  readonly #queue: Job[] = [];
  #isPumping = false;
  #lanes: Readonly<Record<Path, ShadowLane>>;
  #busy = 0;
  /** Answered, and not compared yet. */
  readonly #answered: Batches<Job>;
  readonly #noiseOwed = new WeakMap<RouteState, number>();
  #closing = false;

  constructor(settings: ShadowSettings, ports: ShadowPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#deadlines = new DeadlineWatch(ports.now);
    this.#answered = new Batches((job) => this.#compare(job), ports.now);
    this.#lanes = lanesFor(settings);
  }

  /** From the next shadow on. */
  configure(settings: ShadowSettings): void {
    const isResized = settings.maxInflight !== this.#settings.maxInflight;
    this.#settings = settings;
    if (!isResized) return;
    for (const lane of Object.values(this.#lanes)) lane.close();
    this.#lanes = lanesFor(settings);
  }

  /** Bytes that are worth keeping of an answer; 0 when a copy of it would be dropped anyway. */
  captureBytes(entry: RouteEntry): number {
    if (this.#closing) return 0;
    if (this.#ports.pause.isOn) {
      this.#ports.notRun(entry, 'rate_limited');
      return 0;
    }
    if (this.#ports.budget.isSpent(entry.model.id)) {
      this.#ports.notRun(entry, 'day_budget');
      return 0;
    }
    // Answers are held until they are compared, so they count as well.
    const waiting = this.#queue.length + this.#answered.size;
    if (waiting < this.#settings.maxQueue && !this.#ports.isUnderPressure()) return this.#settings.maxBodyBytes;
    this.#ports.notRun(entry, 'dropped');
    return 0;
  }

  /** A safe request was answered, and the caller has the answer. */
  offer(asked: InboundRequest, control: ResponseBuffer): void {
    const entry = asked.match.route;
    // Who is past the limit is copied no more: that would spend what callers lack, to be told 429 in turn.
    if (!this.#closing && this.#isLimited(entry, { captured: control, failure: undefined }))
      return this.#ports.notRun(entry, 'rate_limited');
    if (this.captureBytes(entry) === 0) return;
    const kind = this.#nextKind(entry);
    const legs: Leg[] = [];
    for (const path of legsOf(kind, control.path)) {
      const upstream = this.#ports.snapshot().upstreams[path];
      const request = upstream && requestFor(asked, path, upstream, this.#ports.credentials(path, asked.caller));
      if (!request) return this.#ports.notRun(entry, 'untranslatable');
      legs.push({ path, request });
    }
    const answers = legs.length > 1 ? [] : [{ captured: control, failure: undefined }];
    this.#queue.push({ asked, kind, legs, done: 0, answers });
    this.#pump();
  }

  /** Shadows that wait, are under way or are to be compared. */
  get pending(): number {
    return this.#queue.length + this.#busy + this.#answered.size;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#queue.length = 0;
    this.#answered.close();
    for (const call of this.#deadlines.all) call.abandon('client_admit');
    this.#deadlines.close();
    await Promise.all(Object.values(this.#lanes).map((lane) => lane.destroy()));
  }

  /** Spread evenly over the shadows of a route, not drawn: a short calibration gets its share too. */
  #nextKind(entry: RouteEntry): ObservationKind {
    const owed = (this.#noiseOwed.get(entry.state) ?? 0) + this.#ports.noiseShare(entry);
    this.#noiseOwed.set(entry.state, owed >= 1 ? owed - 1 : owed);
    return owed >= 1 ? 'noise' : 'cross';
  }

  /** Callbacks, not promises, from here on: with a tenth shadowed those were a hundredth of the whole cost. */
  #pump(): void {
    // What ends at once comes back here: a loop, not as many calls inside each other as there are shadows waiting.
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (this.#busy < this.#settings.maxInflight) {
        const job = this.#queue.shift();
        if (!job) return;
        this.#busy++;
        this.#proceed(job);
      }
    } finally {
      this.#isPumping = false;
    }
  }

  /** The next read of a shadow, or its end: what both sides said is compared later. */
  #proceed(job: Job): void {
    const leg = job.legs[job.done++];
    if (!leg) {
      this.#answered.add(job);
      return this.#over();
    }
    const { upstreams, health } = this.#ports.snapshot();
    const upstream = upstreams[leg.path];
    if (!upstream || health[leg.path].isUnhealthy) return this.#skip(job, 'unavailable');
    const obstacle = this.#obstacleTo(job, upstream);
    if (obstacle) return this.#skip(job, obstacle);
    if (!upstream.rateBudget && !upstreams.direct.rateBudget) return this.#send(job, leg, upstream);
    void isSpare(upstream, upstreams.direct).then((isGranted) => {
      if (isGranted) this.#send(job, leg, upstream);
      else this.#skip(job, 'rate_budget');
    });
  }

  /** What speaks against a read now, but for the rate budget: asking that spends it. */
  #obstacleTo({ asked }: Job, { path, inflight, settings }: Upstream): ErrorReason | undefined {
    // What waits since before the pressure gives its place up, too.
    if (this.#ports.isUnderPressure()) return 'dropped';
    if (this.#ports.pause.isOn) return 'rate_limited';
    if (asked.match.route.state.breakerState(path) !== 'closed') return 'unavailable';
    // Half of the bulkhead is taken by callers: whoever comes next matters more.
    return inflight * 2 >= settings.maxInflight ? 'dropped' : undefined;
  }

  #send(job: Job, { path, request }: Leg, upstream: Upstream): void {
    if (this.#closing) return this.#over();
    // Last of all: what is taken is sent.
    if (!this.#ports.budget.take(job.asked.match.route.model.id)) return this.#skip(job, 'day_budget');
    const { deadlineMs, maxBodyBytes } = this.#settings;
    const call = new ShadowCall({
      path,
      pool: this.#lanes[path].pool(upstream),
      maxBytes: maxBodyBytes,
      now: this.#ports.now,
      deadlineMs,
      watch: this.#deadlines,
      copy: job.asked.trace?.copy('shadow', upstream, request.method, request.headers),
    });
    call.send(request, (answer) => {
      if (this.#closing) return this.#over();
      this.#isLimited(job.asked.match.route, answer);
      job.answers.push(answer);
      this.#proceed(job);
    });
  }

  #isLimited({ model }: RouteEntry, answer: ShadowAnswer): boolean {
    const { pause } = this.#ports;
    return answer.captured.status >= 400 && pause.note(model, answerOf(answer), this.#settings.maxBodyBytes);
  }

  #compare({ asked, kind, answers }: Job): void {
    const [first, second] = answers.map(answerOf) as [PathAnswer, PathAnswer];
    // Whichever of the two the caller got: the gateway is held against direct, never the other way round.
    const isServedByGateway = first.path === 'gateway';
    const [control, candidate] = isServedByGateway ? [second, first] : [first, second];
    try {
      this.#ports.compared({ asked, kind, control, candidate });
    } catch (error) {
      this.#ports.failed(asked.match.route, error);
    }
  }

  #skip({ asked }: Job, reason: ErrorReason): void {
    if (!this.#closing) this.#ports.notRun(asked.match.route, reason);
    this.#over();
  }

  /** Gives the place to the next one. */
  #over(): void {
    this.#busy--;
    this.#pump();
  }
}

export function answerOf({ captured, failure }: ShadowAnswer): PathAnswer {
  const { path, status, rawHeaders, chunks, isComplete, ms } = captured;
  const [first] = chunks;
  const body = first && chunks.length === 1 ? first : Buffer.concat(chunks);
  return { path, status, rawHeaders, body, isComplete, ms, failure };
}

/** The reads that are needed: a gateway's answer says nothing of the noise of direct, so there direct is asked twice. */
function legsOf(kind: ObservationKind, served: Path): readonly Path[] {
  if (kind === 'cross') return [served === 'direct' ? 'gateway' : 'direct'];
  return served === 'direct' ? ['direct'] : ['direct', 'direct'];
}

/** Whichever way a read goes it ends in the same CRM, so it is taken out of direct's budget, too. */
async function isSpare(upstream: Upstream, direct: Upstream): Promise<boolean> {
  if (upstream.rateBudget && !(await upstream.rateBudget.takeSpare())) return false;
  return upstream === direct || !direct.rateBudget || (await direct.rateBudget.takeSpare());
}

/** Undefined when the path cannot carry the question as it was asked. */
function requestFor(
  asked: InboundRequest,
  path: Path,
  upstream: Upstream,
  credentials: Credentials,
): ShadowRequest | undefined {
  const { match, req, connection, requestId } = asked;
  const target = targetFor(match, path, asked.target);
  if (target.kind !== 'ok') return undefined;
  const method = match.dialect === path ? (req.method as string) : (match.route.model[path][0] as Endpoint).method;
  const headers = requestHeaders(req, connection, credentials, requestId, undefined);
  // So that whoever reads the upstream's log can tell a copy from a caller.
  headers.push('x-facade-shadow', 'true');
  return { method, target: upstream.prefix + target.value, headers };
}

function lanesFor({ maxInflight }: ShadowSettings): Record<Path, ShadowLane> {
  return { direct: new ShadowLane(maxInflight), gateway: new ShadowLane(maxInflight) };
}
