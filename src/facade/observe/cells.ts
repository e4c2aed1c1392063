import { Counter, Histogram, type CounterConfiguration, type HistogramConfiguration } from 'prom-client';

/**
 * prom-client's counters and histograms with children that cost an addition. Its own children hash their labels into a
 * string at every call, which for the four series that each request touches was a tenth of the facade's own cost (see
 * docs/performance.md). A cell is a plain object that is held by whoever counts; it is read when Prometheus asks.
 */

type Labels<T extends string> = Readonly<Record<T, string>>;

/** A route that leaves the table and comes back counts on: a series that came twice would cost Prometheus the whole scrape. */
function held<L extends object, C>(cells: Map<string, { labels: L; cell: C }>, labels: L, create: () => C): C {
  const key = JSON.stringify(Object.entries(labels).sort());
  let found = cells.get(key);
  if (!found) cells.set(key, (found = { labels, cell: create() }));
  return found.cell;
}

export class CounterCell {
  value = 0;
  inc(): void {
    this.value++;
  }
}

export class CellCounter<T extends string> extends Counter<T> {
  readonly #cells = new Map<string, { readonly labels: Labels<T>; readonly cell: CounterCell }>();
  readonly #facts: { readonly name: string; readonly help: string };

  constructor(configuration: CounterConfiguration<T>) {
    super(configuration);
    this.#facts = configuration;
  }

  /** The child of these labels, at 0 when it is new. To be held: it is found by text. */
  cell(labels: Labels<T>): CounterCell {
    return held(this.#cells, labels, () => new CounterCell());
  }

  override get(): ReturnType<Counter<T>['get']> {
    const values = Array.from(this.#cells.values(), ({ labels, cell }) => ({ labels, value: cell.value }));
    return Promise.resolve({ ...this.#facts, type: 'counter', values, aggregator: 'sum' } as unknown as Awaited<
      ReturnType<Counter<T>['get']>
    >);
  }
}

export class HistogramCell {
  readonly #bounds: readonly number[];
  /** Not cumulative: one for each bound, and the last for what is beyond. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at++;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sum += value;
  }
}

export class CellHistogram<T extends string> extends Histogram<T> {
  readonly #cells = new Map<string, { readonly labels: Labels<T>; readonly cell: HistogramCell }>();
  readonly #facts: { readonly name: string; readonly help: string };
  readonly #bounds: readonly number[];

  constructor(configuration: HistogramConfiguration<T> & { readonly buckets: number[] }) {
    super(configuration);
    this.#facts = configuration;
    this.#bounds = configuration.buckets;
  }

  /** The child of these labels, at 0 when it is new. To be held: it is found by text. */
  cell(labels: Labels<T>): HistogramCell {
    return held(this.#cells, labels, () => new HistogramCell(this.#bounds));
  }

  override get(): ReturnType<Histogram<T>['get']> {
    const values = [...this.#cells.values()].flatMap(({ labels, cell }) => this.#series(labels, cell));
    return Promise.resolve({ ...this.#facts, type: 'histogram', values, aggregator: 'sum' } as unknown as Awaited<
      ReturnType<Histogram<T>['get']>
    >);
  }

  /** The registry asks this one first, for the text format. */
  getForPromString(): ReturnType<Histogram<T>['get']> {
    return this.get();
  }

  #series(labels: Labels<T>, { counts, sum }: HistogramCell): object[] {
    const { name } = this.#facts;
    let count = 0;
    const buckets = Array.from(counts, (inBucket, i) => {
      count += inBucket;
      return { labels: { le: this.#bounds[i] ?? '+Inf', ...labels }, value: count, metricName: `${name}_bucket` };
    });
    return [
      ...buckets,
      { labels, value: sum, metricName: `${name}_sum` },
      { labels, value: count, metricName: `${name}_count` },
    ];
  }
}
