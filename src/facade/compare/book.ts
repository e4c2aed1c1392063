import type { PathAnswer, Observation } from './comparison.ts';
import { Evidence, type EvidenceJson } from './evidence.ts';
import { PerSecond } from './per-second.ts';
import { reportOf, type ParityReport } from './report.ts';
import type { CompiledRules } from './rules.ts';
import { Samples, type DifferenceSample } from './samples.ts';
import type { Verification } from './verify.ts';
import { stretchOf, Window } from './window.ts';

/**
 * The evidence of all routes, and the reports that are made of it. Lives on across reloads; what a route showed under
 * other rules of comparison is forgotten, since it would be judged by rules it was not gathered by.
 */

/** As in `compare:` of the config. */
export interface ParitySettings {
  readonly windowMs: number;
  /** Comparisons, the newest first. */
  readonly maxShadows: number;
  readonly minSamples: number;
  readonly minNoise: number;
  /** 0..1 */
  readonly noiseShare: number;
}

/** One stretch of one instance's evidence, as it is stored: a minute where the window is a day. */
export interface EvidenceRow {
  readonly route: string;
  /** Milliseconds since the epoch, the beginning of the stretch. */
  readonly minute: number;
  readonly instance: string;
  readonly fingerprint: string;
  readonly evidence: EvidenceJson;
}

/** The two answers behind an observation, kept as a sample where they differ. */
export interface AnswerPair {
  readonly control: PathAnswer;
  readonly candidate: PathAnswer;
}

interface RoutePage {
  rules: CompiledRules;
  window: Window;
  noiseCount: number;
  /** Comparisons that are looked at for the coverage, too. */
  readonly facts: PerSecond;
  /** Own stretches that are not stored yet, by their beginning. */
  dirty: Set<number>;
  /** Milliseconds since the epoch: what was gathered before was forgotten on request. */
  since: number;
}

/** A second and route: more would cost more than the comparing, and tell nothing that the next second does not. */
const MAX_FACTS = 25;

/** In place of an instance: from the row's time on the route begins anew, for all. */
const FORGOTTEN = '(forgotten)';

export class ParityBook {
  readonly #instance: string;
  readonly #pages = new Map<string, RoutePage>();
  readonly #samples = new Samples();
  #settings: ParitySettings;

  /** @param instance names this process among those that share a store */
  constructor(instance: string, settings: ParitySettings) {
    this.#instance = instance;
    this.#settings = settings;
  }

  get instance(): string {
    return this.#instance;
  }

  /** After every load of the config. Routes that are not among `rules` are forgotten. */
  use(settings: ParitySettings, rules: readonly CompiledRules[]): void {
    this.#settings = settings;
    const ids = new Set(rules.map(({ route }) => route.id));
    for (const id of this.#pages.keys()) if (!ids.has(id)) this.#forget(id);
    for (const rule of rules) {
      const page = this.#pages.get(rule.route.id);
      if (page?.rules.fingerprint === rule.fingerprint) page.rules = rule;
      else this.#begin(rule);
    }
  }

  /** The rules to compare by; undefined for a route that is not in the table. */
  rulesOf(route: string): CompiledRules | undefined {
    return this.#pages.get(route)?.rules;
  }

  /** Share of the next shadows that should compare direct with direct, 0..1: first calibrate, then mostly across. */
  noiseShare(route: string): number {
    const { minNoise, noiseShare } = this.#settings;
    const noiseCount = this.#pages.get(route)?.noiseCount ?? 0;
    return noiseCount < minNoise ? Math.max(0.5, noiseShare) : noiseShare;
  }

  /** Are the facts of the next comparison worth working out? The first of every page are, so that coverage begins at once. */
  wantsFacts(route: string, now: number): boolean {
    return this.#pages.get(route)?.facts.take(now) ?? false;
  }

  /** @param now milliseconds since the epoch; @param pair kept as a sample when it differs */
  record(route: string, observation: Observation, now: number, pair?: AnswerPair): void {
    const page = this.#pages.get(route);
    if (!page) return;
    const { kind, comparison } = observation;
    this.#entry(page, now).add(observation);
    if (kind === 'noise' && comparison.reason === undefined) page.noiseCount++;
    else if (pair && comparison.differences.length > 0) this.#samples.keep(route, comparison, pair, now);
  }

  /** Notes what live traffic shows, for the coverage. Cheap; the facts are not: sample before making them. */
  seen(route: string, facts: readonly string[], now: number): void {
    const page = this.#pages.get(route);
    if (page && facts.length > 0) this.#entry(page, now).seen(facts);
  }

  /** A write was read back, or could not be. @param now milliseconds since the epoch */
  readBack(route: string, verification: Verification, now: number): void {
    const page = this.#pages.get(route);
    if (page) this.#entry(page, now).readBacks.add(verification);
  }

  /** Undefined for a route that is not in the table. Never throws. */
  report(route: string, now: number): ParityReport | undefined {
    const page = this.#pages.get(route);
    if (!page) return undefined;
    const { windowMs, maxShadows, minSamples, minNoise, noiseShare } = this.#settings;
    page.window.fold(now, windowMs);
    const { rules } = page;
    const limits = { ...rules.route.compare.ready, minSamples, minNoise };
    const most = Math.floor(maxShadows * (1 - noiseShare));
    return reportOf({ rules, now, limits, windowMs, most, ...page.window.gather(now, windowMs, maxShadows) });
  }

  /** Of every route that has both endpoints. */
  reports(now: number): ParityReport[] {
    return [...this.#pages.values()]
      .filter(({ rules: { route } }) => route.direct.length > 0 && route.gateway.length > 0)
      .flatMap(({ rules }) => this.report(rules.route.id, now) ?? []);
  }

  /** The newest few pairs of each group of differences, unredacted: not to be shown outside a sandbox. */
  samples(route: string): readonly DifferenceSample[] {
    return this.#samples.of(route);
  }

  /**
   * What makes whoever absorbs it forget all that was gathered of a route before now, as after a repair of the gateway.
   * Store it first: what was forgotten in memory alone is back after a restart. Undefined for a route that is not in the
   * table.
   */
  forgetting(route: string, now: number): EvidenceRow | undefined {
    const fingerprint = this.#pages.get(route)?.rules.fingerprint;
    if (fingerprint === undefined) return undefined;
    return { route, minute: now, instance: FORGOTTEN, fingerprint, evidence: new Evidence().toJSON() };
  }

  /** What changed since the last call, to be stored. */
  takeDirty(): EvidenceRow[] {
    const rows: EvidenceRow[] = [];
    for (const [route, page] of this.#pages) {
      const { fingerprint } = page.rules;
      for (const minute of page.dirty) {
        const evidence = page.window.entry(minute, this.#instance).toJSON();
        rows.push({ route, minute, instance: this.#instance, fingerprint, evidence });
      }
      page.dirty.clear();
    }
    return rows;
  }

  /** Puts rows back that could not be stored. */
  putBack(rows: readonly EvidenceRow[]): void {
    for (const { route, minute, fingerprint } of rows) {
      const page = this.#pages.get(route);
      if (page?.rules.fingerprint === fingerprint && minute >= page.since) page.dirty.add(minute);
    }
  }

  /** Counts in what other instances, or this one before a restart, stored. Rows of other rules are left out. */
  absorb(rows: readonly EvidenceRow[]): void {
    for (const row of rows) if (row.instance === FORGOTTEN) this.#forgetBefore(row);
    for (const { route, minute, instance, fingerprint, evidence } of rows) {
      const page = this.#pages.get(route);
      if (!page || instance === this.#instance || instance === FORGOTTEN) continue;
      if (page.rules.fingerprint !== fingerprint || minute < page.since) continue;
      const read = readEvidence(evidence);
      if (read) page.noiseCount += read.noise.judged - page.window.replace(minute, instance, read);
    }
  }

  #entry(page: RoutePage, now: number): Evidence {
    const stretch = stretchOf(this.#settings.windowMs);
    // What was forgotten within a stretch stays so: the rest of it begins then.
    const start = Math.max(Math.floor(now / stretch) * stretch, page.since);
    page.dirty.add(start);
    return page.window.entry(start, this.#instance);
  }

  /** The same row may come again: only a newer one forgets. */
  #forgetBefore({ route, minute, fingerprint }: EvidenceRow): void {
    const page = this.#pages.get(route);
    if (page?.rules.fingerprint === fingerprint && minute > page.since) this.#begin(page.rules).since = minute;
  }

  #begin(rules: CompiledRules): RoutePage {
    this.#forget(rules.route.id);
    const page = {
      rules,
      window: new Window(),
      noiseCount: 0,
      facts: new PerSecond(MAX_FACTS),
      dirty: new Set<number>(),
      since: 0,
    };
    this.#pages.set(rules.route.id, page);
    return page;
  }

  #forget(route: string): void {
    this.#pages.delete(route);
    this.#samples.forget(route);
  }
}

/** Undefined for what another version wrote in another form: a rolling deployment has both at once. */
function readEvidence(json: EvidenceJson): Evidence | undefined {
  try {
    return Evidence.fromJSON(json);
  } catch {
    return undefined;
  }
}
