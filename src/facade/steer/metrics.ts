import { Gauge, type Registry } from 'prom-client';

/** Of what the instances share; undefined: not known, or nothing is shared. */
interface SharedState {
  /** Since the database last answered. */
  readonly silenceMs: number | undefined;
  readonly revision: number | undefined;
  readonly behind: number | undefined;
}

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
  const silence = 'Since the database last answered this process anything; it is asked something every second.';
  gauge('facade_store_silence_seconds', silence, 'max', ({ silenceMs }) => silenceMs && silenceMs / 1_000);
  const revision = 'The revision of the flips that serves here, where the database holds the rollouts.';
  gauge('facade_steering_revision', revision, 'min', (state) => state.revision);
  const behind = 'Revisions that this process has heard of and does not serve yet.';
  gauge('facade_steering_behind', behind, 'max', (state) => state.behind);
}
