import { renderPath } from '../dialect/path.ts';
import { DeadlineWatch } from '../../http/deadlines.ts';
import type { InboundRequest } from '../forward/exchange.ts';
import type { RouteEntry } from '../forward/runtime-snapshot.ts';
import type { Endpoint, VerifyRule } from '../rollout/route.ts';
import { BUCKETS } from '../rollout/split.ts';
import type { PathAnswer } from './comparison.ts';
import { ShadowCall, type ShadowAnswer, type ShadowRequest } from './shadow-call.ts';
import { ShadowLane } from './shadow-lane.ts';
import { answerOf, type ShadowPorts, type ShadowSettings } from './shadow.ts';
import type { Verification } from './verify.ts';

/**
 * Writes cannot be shadowed: a second one would be a duplicate. Instead some of those that the gateway served are read
 * back through direct a little later, to see whether what was asked for is there. It catches what no status tells: a
 * gateway that answers 200 and drops a field, or sends `message` where the CRM wants `body`.
 */

interface WriteReaderPorts extends Pick<ShadowPorts, 'now' | 'snapshot' | 'credentials' | 'isUnderPressure' | 'pause'> {
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Did it arrive? @param body as the caller sent it; @param answer of direct; undefined: it could not be asked. */
  readonly judge: (asked: InboundRequest, body: Buffer, answer: PathAnswer | undefined) => Verification;
  /** Once for every write that was offered. */
  readonly verified: (asked: InboundRequest, verification: Verification) => void;
}

/** Whoever calls a write lost had better look twice: a CRM under load shows one late. The second time waits twice as long. */
const LOOKS = 2;
/** Writes whose bodies are kept until they are read back; one more is not sampled. */
const MAX_PENDING = 100;
const CONNECTIONS = 2;

interface SampledWrite {
  readonly asked: InboundRequest;
  readonly body: Buffer;
  readonly verify: VerifyRule;
}

export class WriteReader {
  readonly #ports: WriteReaderPorts;
  readonly #lane = new ShadowLane(CONNECTIONS);
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #deadlines: DeadlineWatch<ShadowCall>;
  #settings: Pick<ShadowSettings, 'deadlineMs' | 'maxBodyBytes'>;
  #underWay = 0;
  #closing = false;

  constructor(settings: Pick<ShadowSettings, 'deadlineMs' | 'maxBodyBytes'>, ports: WriteReaderPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#deadlines = new DeadlineWatch(ports.now);
  }

  configure(settings: Pick<ShadowSettings, 'deadlineMs' | 'maxBodyBytes'>): void {
    this.#settings = settings;
  }

  /** Is this write one of the sample? */
  wants({ model: { verify } }: RouteEntry): boolean {
    if (!verify || this.#closing || this.pending >= MAX_PENDING || this.#ports.isUnderPressure()) return false;
    return this.#ports.random() * BUCKETS < verify.sample;
  }

  /** Writes that wait to be read back, or are being read. */
  get pending(): number {
    return this.#timers.size + this.#underWay;
  }

  /** The gateway said that it was done. */
  offer(asked: InboundRequest, body: Buffer): void {
    const { verify } = asked.match.route.model;
    if (verify) this.#lookLater({ asked, body, verify }, 1);
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    // What is under way for a former upstream has a pool that nobody holds any more.
    for (const call of this.#deadlines.all) call.abandon('client_admit');
    this.#deadlines.close();
    await this.#lane.destroy();
  }

  #lookLater(write: SampledWrite, look: number): void {
    if (this.#closing) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#underWay++;
      void this.#look(write, look).finally(() => this.#underWay--);
    }, write.verify.afterMs * look);
    this.#timers.add(timer.unref());
  }

  async #look(write: SampledWrite, look: number): Promise<void> {
    const { asked, body, verify } = write;
    const answer = await this.#read(asked, verify.read);
    if (this.#closing) return;
    const verification = this.#ports.judge(asked, body, answer);
    if (verification.result === 'not_arrived' && look < LOOKS) this.#lookLater(write, look + 1);
    else this.#ports.verified(asked, verification);
  }

  async #read(asked: InboundRequest, route: string): Promise<PathAnswer | undefined> {
    const { entries, upstreams } = this.#ports.snapshot();
    const endpoint = entries.find(({ model }) => model.id === route);
    if (
      !endpoint ||
      this.#ports.pause.isOn ||
      (upstreams.direct.rateBudget && !(await upstreams.direct.rateBudget.takeSpare()))
    )
      return undefined;
    // The budget took its time: a pool that is opened now would be closed by nobody.
    if (this.#closing) return undefined;
    const request = this.#request(asked, endpoint, upstreams.direct.prefix);
    const { deadlineMs, maxBodyBytes } = this.#settings;
    const call = new ShadowCall({
      path: 'direct',
      pool: this.#lane.pool(upstreams.direct),
      maxBytes: maxBodyBytes,
      now: this.#ports.now,
      deadlineMs,
      watch: this.#deadlines,
      copy: asked.trace?.copy('read-back', upstreams.direct, request.method, request.headers),
    });
    const answer = answerOf(await new Promise<ShadowAnswer>((resolve) => call.send(request, resolve)));
    this.#ports.pause.note(endpoint.model, answer, maxBodyBytes);
    return answer;
  }

  #request({ match, caller, requestId }: InboundRequest, { model }: RouteEntry, prefix: string): ShadowRequest {
    const written = match.route.model.params;
    const params = model.params.map((name) => match.params[written.indexOf(name)] ?? '');
    const { method } = model.direct[0] as Endpoint;
    const headers = ['accept', 'application/json', 'x-request-id', requestId, 'x-facade-shadow', 'true'];
    const { sent } = this.#ports.credentials('direct', caller);
    if (sent !== undefined) headers.push(sent[0], sent[1]);
    return { method, target: prefix + renderPath(model.direct[0] as Endpoint, params), headers };
  }
}
