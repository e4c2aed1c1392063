import type { InboundRequest } from '../forward/exchange.ts';
import type { RouteEntry } from '../forward/runtime-snapshot.ts';
import type { ResponseBuffer, ShadowSink } from '../forward/shadow-sink.ts';
import type { CounterCell } from '../observe/cells.ts';
import type { RouteModel } from '../rollout/route.ts';
import type { AnswerPair, ParityBook } from './book.ts';
import { compareAnswers } from './compare.ts';
import { notRun, type ErrorReason, type Observation, type ComparisonResult } from './comparison.ts';
import { requestFacts } from './coverage.ts';
import { questionOf, type DirectAnswerSink } from './direct-answers.ts';
import { LiveCoverage } from './live-coverage.ts';
import type { ComparisonMetrics } from './metrics.ts';
import { ShadowRunner, type Shadowed, type ShadowPorts, type ShadowSettings } from './shadow.ts';
import type { WriteReader } from './write-reader.ts';

interface ObserverOptions extends Pick<
  ShadowPorts,
  'now' | 'snapshot' | 'credentials' | 'isUnderPressure' | 'pause' | 'budget'
> {
  readonly settings: ShadowSettings;
  readonly book: ParityBook;
  readonly onDirectAnswer: DirectAnswerSink;
  readonly writes: WriteReader;
  readonly metrics: Pick<ComparisonMetrics, 'shadows'>;
  /** Milliseconds since 1970: evidence is kept by the minute, and known differences expire. */
  readonly calendar: () => number;
  /** A defect of the comparison: it must reach a human, and nobody's answer. */
  readonly onError: (error: unknown) => void;
}

/** Listens to the exchanges, has the answers compared, and hands what came of it to the evidence. */
export class Observer implements ShadowSink {
  readonly #options: ObserverOptions;
  readonly #shadows: ShadowRunner;
  readonly #live: LiveCoverage;
  /** Of `facade_shadow_total`, by route. */
  readonly #cells = new Map<string, Partial<Record<ComparisonResult, CounterCell>>>();

  constructor(options: ObserverOptions) {
    this.#options = options;
    const { now, snapshot, credentials, isUnderPressure, pause, budget, book } = options;
    this.#live = new LiveCoverage(options);
    this.#shadows = new ShadowRunner(options.settings, {
      now,
      snapshot,
      credentials,
      isUnderPressure,
      pause,
      budget,
      noiseShare: ({ model }) => book.noiseShare(model.id),
      compared: (shadowed) => this.#compared(shadowed),
      notRun: (entry, reason) => this.#notRun(entry, reason),
      failed: (entry, error) => {
        options.onError(error);
        this.#notRun(entry, 'defect');
      },
    });
  }

  /** Shadows that wait or are under way. */
  get pending(): number {
    return this.#shadows.pending;
  }

  configure(settings: ShadowSettings): void {
    this.#shadows.configure(settings);
  }

  captureBytes(entry: RouteEntry): number {
    return this.#shadows.captureBytes(entry);
  }

  onAnswer(asked: InboundRequest, captured: ResponseBuffer): void {
    this.#shadows.offer(asked, captured);
  }

  wantsWrite(entry: RouteEntry): boolean {
    return this.#options.writes.wants(entry);
  }

  onWrite(asked: InboundRequest, body: Buffer): void {
    this.#options.writes.offer(asked, body);
  }

  sampleBytes(entry: RouteEntry): number {
    return this.#live.sampleBytes(entry);
  }

  onLiveRequest(asked: InboundRequest, captured: ResponseBuffer | undefined): void {
    this.#live.saw(asked, captured);
  }

  async close(): Promise<void> {
    await this.#options.writes.close();
    await this.#shadows.close();
  }

  #compared({ asked, kind, control, candidate }: Shadowed): void {
    const { book, calendar } = this.#options;
    const { model } = asked.match.route;
    this.#options.onDirectAnswer(model, questionOf(asked), control);
    const rules = book.rulesOf(model.id);
    if (!rules) return;
    const now = calendar();
    // Noise says nothing of what was compared across.
    const withFacts = kind === 'cross' && book.wantsFacts(model.id, now);
    const comparison = compareAnswers(rules, control, candidate, now, withFacts);
    const facts = withFacts ? requestFacts(model, asked.target.query) : [];
    this.#record(model, { kind, comparison, facts }, now, { control, candidate });
  }

  #notRun({ model }: RouteEntry, reason: ErrorReason): void {
    this.#record(model, { kind: 'cross', comparison: notRun(reason), facts: [] }, this.#options.calendar());
  }

  #record({ id }: RouteModel, observation: Observation, now: number, pair?: AnswerPair): void {
    const { book, metrics } = this.#options;
    const { kind, comparison } = observation;
    const result = kind === 'noise' && comparison.reason === undefined ? 'noise' : comparison.result;
    let cells = this.#cells.get(id);
    if (!cells) this.#cells.set(id, (cells = {}));
    (cells[result] ??= metrics.shadows.cell({ route: id, result })).inc();
    book.record(id, observation, now, pair);
  }
}
