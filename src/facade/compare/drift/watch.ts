import type { Logger } from '../../../http/log.ts';
import type { DriftFinding } from './findings.ts';
import type { DriftMetrics } from './metrics.ts';

/** Tells of a drift when it is found, and when it is over: in the log, in the metrics, and to whoever is notified. */

/** @param isDrifting a warning stands; @param why the warnings */
export type DriftTold = (route: string, isDrifting: boolean, why: string) => void;

interface WatchOptions {
  readonly metrics: Pick<DriftMetrics, 'show' | 'found'>;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  readonly told: DriftTold;
}

/** A log line and a notification name so many places. */
const MAX_NAMED = 5;

export class DriftWatch {
  readonly #options: WatchOptions;
  /** By route the findings of the last look. */
  readonly #known = new Map<string, ReadonlySet<string>>();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  look(routes: readonly (readonly [route: string, findings: readonly DriftFinding[]])[]): void {
    for (const [route, findings] of routes) this.#lookAt(route, findings);
    const ids = new Set(routes.map(([route]) => route));
    for (const route of this.#known.keys()) if (!ids.has(route)) this.#known.delete(route);
  }

  #lookAt(route: string, findings: readonly DriftFinding[]): void {
    const { metrics, log, told } = this.#options;
    const before = this.#known.get(route) ?? new Set();
    this.#known.set(route, new Set(findings.map(keyOf)));
    const warnings = findings.filter(({ level }) => level === 'warning');
    metrics.show(route, { warning: warnings.length, info: findings.length - warnings.length });
    const news = findings.filter((finding) => !before.has(keyOf(finding)));
    for (const finding of news) metrics.found(route, finding);
    const why = namedIn(warnings);
    if (news.some(({ level }) => level === 'warning'))
      log.warn({ route, drift: why }, 'drift of direct: it answers otherwise than in the week before');
    else if (news.length > 0) log.info({ route, drift: namedIn(news) }, 'direct answers with something new');
    else if (before.size > 0 && findings.length === 0) log.info({ route }, 'the drift of direct is over');
    told(route, warnings.length > 0, why);
  }
}

/** Counts grow with every answer; what changed is told once. */
const keyOf = ({ answers, path, kind, to }: DriftFinding): string => `${answers} ${path} ${kind} ${to}`;

function namedIn(findings: readonly DriftFinding[]): string {
  const named = findings.slice(0, MAX_NAMED).map(({ text }) => text);
  const more = findings.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
