import type { InboundRequest } from '../forward/exchange.ts';
import type { RouteEntry } from '../forward/runtime-snapshot.ts';
import type { VerifyRule } from '../rollout/route.ts';
import { BUCKETS } from '../rollout/split.ts';
import type { PathAnswer } from './comparison.ts';
import { namedParams, ReadBack } from './read-back.ts';
import type { ShadowPorts, ShadowSettings } from './shadow.ts';
import type { Verification } from './verify.ts';

/**
 * Writes cannot be shadowed: a second one would be a duplicate. Instead some of those that the gateway served are read
 * back through direct a little later, to see whether what was asked for is there. It catches what no status tells: a
 * gateway that answers 200 and drops a field, or sends `message` where the CRM wants `body`.
 */

interface WriteReaderPorts extends Pick<
  ShadowPorts,
  'now' | 'snapshot' | 'credentials' | 'isUnderPressure' | 'pause' | 'budget'
> {
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
  readonly #readBack: ReadBack;
  readonly #timers = new Set<NodeJS.Timeout>();
  #underWay = 0;
  #closing = false;

  constructor(settings: Pick<ShadowSettings, 'deadlineMs' | 'maxBodyBytes'>, ports: WriteReaderPorts) {
    this.#ports = ports;
    this.#readBack = new ReadBack(CONNECTIONS, settings, ports);
  }

  configure(settings: Pick<ShadowSettings, 'deadlineMs' | 'maxBodyBytes'>): void {
    this.#readBack.configure(settings);
  }

  /** Is this write one of the sample? */
  wants({ model: { verify } }: RouteEntry): boolean {
    if (!verify || this.#closing || this.pending >= MAX_PENDING || this.#ports.isUnderPressure()) return false;
    return this.#ports.random() * BUCKETS < verify.sample && !this.#ports.budget.isSpent(verify.read);
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
    await this.#readBack.close();
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
    const { match, caller, requestId, trace } = asked;
    const params = namedParams(match.route.model.params, match.params);
    const answer = await this.#readBack.read({ read: verify.read, params, caller, requestId, trace });
    if (this.#closing) return;
    const verification = this.#ports.judge(asked, body, answer);
    if (verification.result === 'not_arrived' && look < LOOKS) this.#lookLater(write, look + 1);
    else this.#ports.verified(asked, verification);
  }
}
