import { Gauge, type Registry } from 'prom-client';

/** Of what the instances share; undefined: not known, or nothing is shared. */
interface SharedState {
  /** A database is configured, or an embedded one. */
  readonly hasStore: boolean;
  /** Since the database last answered. */
  readonly silenceMs: number | undefined;
  readonly revision: number | undefined;
  readonly behind: number | undefined;
}

/** Every process asks the database something each second; a connection that fell silent is replaced within 3.5 s (store/limits.ts). */
const MAX_SILENCE_MS = 15_000;

/** Serves what tells how near this instance is to what all share, at scrape time. What is unknown has no series. */
export function observeShared(registry: Registry, read: () => SharedState): void {
  const gauge = (
    name: string,
    help: string,
    aggregator: 'min' | 'max',
    value: (state: SharedState) => number | undefined,
  ) =>
    new Gauge({
      ...{ name, help, aggregator },
      registers: [registry],
      collect() {
        const now = value(read());
        if (now === undefined) this.remove();
        else this.set(now);
      },
    });
  gauge(
    'facade_store_up',
    `1: the database has answered within the last ${MAX_SILENCE_MS / 1_000} s. 0: it has not, or was never there. No series: there is none, by choice.`,
    'min',
    ({ hasStore, silenceMs }) =>
      hasStore ? Number(silenceMs !== undefined && silenceMs <= MAX_SILENCE_MS) : undefined,
  );
  const silence = 'Since the database last answered this process anything; it is asked something every second.';
  gauge('facade_store_silence_seconds', silence, 'max', ({ silenceMs }) => silenceMs && silenceMs / 1_000);
  const revision = 'The revision of the flips that serves here, where the database holds the rollouts.';
  gauge('facade_steering_revision', revision, 'min', (state) => state.revision);
  const behind = 'Revisions that this process has heard of and does not serve yet.';
  gauge('facade_steering_behind', behind, 'max', (state) => state.behind);
}
