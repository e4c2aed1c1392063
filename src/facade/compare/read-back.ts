import { renderPath } from '../dialect/path.ts';
import { DeadlineWatch } from '../../http/deadlines.ts';
import type { RouteEntry } from '../forward/runtime-snapshot.ts';
import type { Caller } from '../forward/callers.ts';
import type { InboundRequest } from '../forward/exchange.ts';
import type { Endpoint } from '../rollout/route.ts';
import type { PathAnswer } from './comparison.ts';
import { ShadowCall, type ShadowAnswer, type ShadowRequest } from './shadow-call.ts';
import { ShadowLane } from './shadow-lane.ts';
import { answerOf, type ShadowPorts, type ShadowSettings } from './shadow.ts';

/** What is to be read back: the record that a write has changed. */
export interface WrittenRecord {
  /** Id of the route to read by. */
  readonly read: string;
  /** Values of the path parameters of the write, by name. */
  readonly params: ReadonlyMap<string, string>;
  readonly caller: Caller | undefined;
  readonly requestId: string;
  readonly trace?: InboundRequest['trace'];
}

interface ReadBackPorts extends Pick<ShadowPorts, 'now' | 'snapshot' | 'credentials' | 'pause'> {
  /** Undefined: what is read is no comparison, and does not count. */
  readonly budget?: ShadowPorts['budget'];
}
type ReadBackSettings = Pick<ShadowSettings, 'deadlineMs' | 'maxBodyBytes'>;

/**
 * Reads records through direct: on connections of its own, and out of what live traffic leaves of the rate budget. A known
 * caller's record is read with the token of the facade, as everything of known callers is.
 */
export class ReadBack {
  readonly #ports: ReadBackPorts;
  readonly #lane: ShadowLane;
  readonly #deadlines: DeadlineWatch<ShadowCall>;
  #settings: ReadBackSettings;
  #closing = false;

  /** @param connections reads at once. */
  constructor(connections: number, settings: ReadBackSettings, ports: ReadBackPorts) {
    this.#lane = new ShadowLane(connections);
    this.#settings = settings;
    this.#ports = ports;
    this.#deadlines = new DeadlineWatch(ports.now);
  }

  configure(settings: ReadBackSettings): void {
    this.#settings = settings;
  }

  /** Undefined: it could not be asked. */
  async read(record: WrittenRecord): Promise<PathAnswer | undefined> {
    const { entries, upstreams } = this.#ports.snapshot();
    const endpoint = entries.find(({ model }) => model.id === record.read);
    const { rateBudget } = upstreams.direct;
    if (!endpoint || this.#ports.pause.isOn || (rateBudget && !(await rateBudget.takeSpare()))) return undefined;
    // The budget took its time: a pool that is opened now would be closed by nobody.
    if (this.#closing) return undefined;
    if (this.#ports.budget?.take(record.read) === false) return undefined;
    const request = this.#request(record, endpoint, upstreams.direct.prefix);
    const { deadlineMs, maxBodyBytes } = this.#settings;
    const call = new ShadowCall({
      path: 'direct',
      pool: this.#lane.pool(upstreams.direct),
      maxBytes: maxBodyBytes,
      now: this.#ports.now,
      deadlineMs,
      watch: this.#deadlines,
      copy: record.trace?.copy('read-back', upstreams.direct, request.method, request.headers),
    });
    const answer = answerOf(await new Promise<ShadowAnswer>((resolve) => call.send(request, resolve)));
    this.#ports.pause.note(endpoint.model, answer, maxBodyBytes);
    return answer;
  }

  async close(): Promise<void> {
    this.#closing = true;
    // What is under way for a former upstream has a pool that nobody holds any more.
    for (const call of this.#deadlines.all) call.abandon('client_admit');
    this.#deadlines.close();
    await this.#lane.destroy();
  }

  #request({ params, caller, requestId }: WrittenRecord, { model }: RouteEntry, prefix: string): ShadowRequest {
    const values = model.params.map((name) => params.get(name) ?? '');
    const { method } = model.direct[0] as Endpoint;
    const headers = ['accept', 'application/json', 'x-request-id', requestId, 'x-facade-shadow', 'true'];
    const { sent } = this.#ports.credentials('direct', caller);
    if (sent !== undefined) headers.push(sent[0], sent[1]);
    return { method, target: prefix + renderPath(model.direct[0] as Endpoint, values), headers };
  }
}

/** By the names of a route's parameters. */
export const namedParams = (
  names: readonly string[],
  values: readonly (string | undefined)[],
): ReadonlyMap<string, string> => new Map(names.map((name, i) => [name, values[i] ?? '']));
