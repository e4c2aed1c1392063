import { createHash } from 'node:crypto';
import type { RouteModel } from '../../rollout/route.ts';
import type { PathAnswer } from '../comparison.ts';
import { decoded } from '../decoded.ts';
import { headerOf } from '../head.ts';
import { readPlainJson } from '../json-value.ts';
import { PerSecond } from '../per-second.ts';
import { shapeOfAnswer, signatureOf } from './answer-shape.ts';
import { DayShapes, type AnswerClass } from './day-shapes.ts';
import { dayShapesJson, readDayShapes, type DayShapesJson } from './day-shapes-json.ts';
import { driftOf, MIN_ANSWERS, MIN_BASELINE_MS, type DriftFinding } from './findings.ts';
import { mayBeEnum, MIN_MEMBER_ANSWERS } from './members.ts';
import { ANSWER, SLOT_MS } from './day-shapes.ts';
import { totalsOf, type ShapeTotals } from './totals.ts';

/**
 * The shapes that direct answered with, of each route, day and instance, and what drifted. A day is one of UTC; today and
 * the seven before it count, so that a change that lasts is the baseline after a week.
 */

/** Days before today that count. */
export const BASELINE_DAYS = 7;
const DAY_MS = 24 * 3_600_000;
/** Of a route, a second, that are looked at: each costs a parse, off the way of any request. */
const MAX_LOOKS = 2;
/** Bytes; a longer answer says nothing here. */
const MAX_ANSWER_BYTES = 256 * 1024;
/** Questions whose answers are known by shape, each hour; past it every answer counts. */
const MAX_QUESTIONS = 512;
/** Of one route and day, the store's included; what restarts more often than that is not counted in. */
const MAX_INSTANCES = 64;

/** One day of one instance, as it is stored. */
export interface DriftRow {
  readonly route: string;
  /** Milliseconds since the epoch: the beginning of the day; of {@link ACCEPTED} the time. */
  readonly minute: number;
  readonly instance: string;
  /** Of the endpoint that was asked. */
  readonly fingerprint: string;
  readonly evidence: DayShapesJson;
}

/** In place of an instance: what changed up to then is the new normal, for all. */
const ACCEPTED = '(accepted)';

interface RoutePage {
  readonly fingerprint: string;
  /** By `day instance`. */
  readonly days: Map<string, { readonly day: number; readonly instance: string; shapes: DayShapes }>;
  readonly looks: PerSecond;
  /** Questions with the shape of their answer, hashed, of the hour. */
  known: { hour: number; readonly hashes: Set<string> };
  /** Milliseconds since 1970. */
  accepted: number;
  dirty: Set<number>;
  totals: ShapeTotals | undefined;
}

export interface DriftReport {
  readonly findings: readonly DriftFinding[];
  /** Answers of 2xx that were looked at in the window. */
  readonly answers: number;
  /** ISO 8601; undefined: none was seen. */
  readonly learntFrom: string | undefined;
  /** There is enough to compare with. */
  readonly isLearnt: boolean;
  /** ISO 8601; undefined: never. */
  readonly acceptedAt: string | undefined;
}

/** Statuses that say something of credentials and limits, and nothing of the route. */
const NOT_OF_THE_ROUTE: ReadonlySet<number> = new Set([401, 403, 407, 429]);

export class DriftBook {
  readonly #instance: string;
  readonly #pages = new Map<string, RoutePage>();

  /** @param instance names this process among those that share a store */
  constructor(instance: string) {
    this.#instance = instance;
  }

  /** After every load of the config: routes that left, and those whose direct endpoint is another, are forgotten. */
  use(models: readonly Pick<RouteModel, 'id' | 'direct'>[]): void {
    const kept = new Set<string>();
    for (const { id, direct } of models) {
      const fingerprint = direct.map(({ method, template }) => `${method} ${template}`).join('\n');
      if (direct.length === 0) continue;
      kept.add(id);
      if (this.#pages.get(id)?.fingerprint !== fingerprint) this.#pages.set(id, pageOf(fingerprint));
    }
    for (const id of this.#pages.keys()) if (!kept.has(id)) this.#pages.delete(id);
  }

  get routes(): string[] {
    return [...this.#pages.keys()];
  }

  /**
   * An answer of direct, as it came. Looks at a few a second; the same question that is answered in the same shape counts
   * once an hour, so that a caller who asks it again and again proves nothing. Never throws.
   * @param question one text for the same question; undefined: a write that was done, each one of its own; @param now milliseconds since 1970
   */
  offer(route: string, question: string | undefined, answer: PathAnswer, now: number): void {
    const page = this.#pages.get(route);
    const of = classOf(answer);
    if (!page || !of || !page.looks.take(now)) return;
    const body = decoded(answer.body, headerOf(answer.rawHeaders, 'content-encoding'), MAX_ANSWER_BYTES);
    if (body.kind !== 'ok') return;
    const document = readPlainJson(body.body, headerOf(answer.rawHeaders, 'content-type'));
    const shape = shapeOfAnswer(document, body.body.length === 0, mayBeEnum);
    if (question !== undefined && !isNews(page, `${of}\n${question}\n${signatureOf(shape)}`, now)) return;
    const day = Math.floor(now / DAY_MS) * DAY_MS;
    this.#day(page, day, this.#instance).add(of, shape, now);
    page.dirty.add(day);
    page.totals = undefined;
  }

  /** Undefined for a route that is not in the table. @param now milliseconds since 1970 */
  report(route: string, now: number): DriftReport | undefined {
    const page = this.#pages.get(route);
    if (!page) return undefined;
    const totals = totalsIn(page, now);
    const slots = totals.get('2xx')?.objects.get(ANSWER);
    const from = slots && Math.min(...slots.keys()) * SLOT_MS;
    let answers = 0;
    for (const slot of slots?.values() ?? []) answers += slot.answers;
    return {
      findings: driftOf(totals, now, page.accepted),
      answers,
      learntFrom: from === undefined ? undefined : new Date(from).toISOString(),
      isLearnt: answers >= MIN_ANSWERS && from !== undefined && now - from >= MIN_BASELINE_MS,
      acceptedAt: page.accepted === 0 ? undefined : new Date(page.accepted).toISOString(),
    };
  }

  /** What makes whoever absorbs it take the shapes of now for normal. Store it first. Undefined: no such route. */
  accepting(route: string, now: number): DriftRow | undefined {
    const fingerprint = this.#pages.get(route)?.fingerprint;
    if (fingerprint === undefined) return undefined;
    return { route, minute: now, instance: ACCEPTED, fingerprint, evidence: { classes: {} } };
  }

  /** What changed since the last call, to be stored. */
  takeDirty(now: number): DriftRow[] {
    const rows: DriftRow[] = [];
    for (const [route, page] of this.#pages) {
      if (page.dirty.size === 0) continue;
      const totals = totalsIn(page, now);
      const isEnum = (of: AnswerClass, path: string) => isKnownEnum(totals, of, path);
      for (const day of page.dirty) {
        const evidence = dayShapesJson(this.#day(page, day, this.#instance), isEnum);
        rows.push({ route, minute: day, instance: this.#instance, fingerprint: page.fingerprint, evidence });
      }
      page.dirty.clear();
    }
    return rows;
  }

  /** Puts rows back that could not be stored. */
  putBack(rows: readonly DriftRow[]): void {
    for (const { route, minute, fingerprint } of rows) {
      const page = this.#pages.get(route);
      if (page?.fingerprint === fingerprint) page.dirty.add(minute);
    }
  }

  /** Counts in what other instances, or this one before a restart, stored. */
  absorb(rows: readonly DriftRow[]): void {
    for (const { route, minute, instance, fingerprint, evidence } of rows) {
      const page = this.#pages.get(route);
      if (page?.fingerprint !== fingerprint || instance === this.#instance) continue;
      if (instance === ACCEPTED) page.accepted = Math.max(page.accepted, minute);
      else this.#replace(page, minute, instance, evidence);
    }
  }

  #replace(page: RoutePage, day: number, instance: string, json: DayShapesJson): void {
    const key = `${day} ${instance}`;
    if (!page.days.has(key) && [...page.days.values()].filter((one) => one.day === day).length >= MAX_INSTANCES) return;
    try {
      page.days.set(key, { day, instance, shapes: readDayShapes(json) });
      page.totals = undefined;
    } catch {
      // What another version wrote in another form: a rolling deployment has both at once.
    }
  }

  #day(page: RoutePage, day: number, instance: string): DayShapes {
    const key = `${day} ${instance}`;
    let found = page.days.get(key);
    if (!found) page.days.set(key, (found = { day, instance, shapes: new DayShapes() }));
    return found.shapes;
  }
}

function pageOf(fingerprint: string): RoutePage {
  return {
    fingerprint,
    days: new Map(),
    looks: new PerSecond(MAX_LOOKS),
    known: { hour: 0, hashes: new Set() },
    accepted: 0,
    dirty: new Set(),
    totals: undefined,
  };
}

/** Undefined: it says nothing of the route. */
function classOf({ status, isComplete, failure, body }: PathAnswer): AnswerClass | undefined {
  if (!isComplete || failure !== undefined || body.length > MAX_ANSWER_BYTES || NOT_OF_THE_ROUTE.has(status))
    return undefined;
  if (status >= 200 && status < 300) return '2xx';
  return status >= 400 && status < 600 ? (status < 500 ? '4xx' : '5xx') : undefined;
}

function isNews(page: RoutePage, text: string, now: number): boolean {
  const hour = Math.floor(now / 3_600_000);
  if (page.known.hour !== hour) page.known = { hour, hashes: new Set() };
  const { hashes } = page.known;
  const hash = createHash('sha256').update(text).digest('base64').slice(0, 16);
  if (hashes.has(hash)) return false;
  if (hashes.size < MAX_QUESTIONS) hashes.add(hash);
  return true;
}

/** Days that left the window are dropped on the way. */
function totalsIn(page: RoutePage, now: number): ShapeTotals {
  const oldest = Math.floor(now / DAY_MS) * DAY_MS - BASELINE_DAYS * DAY_MS;
  for (const [key, { day }] of page.days) {
    if (day >= oldest) continue;
    page.days.delete(key);
    page.dirty.delete(day);
    page.totals = undefined;
  }
  page.totals ??= totalsOf(Array.from(page.days.values(), ({ shapes }) => shapes));
  return page.totals;
}

/** Before that its texts stay in memory. */
function isKnownEnum(totals: ShapeTotals, of: AnswerClass, path: string): boolean {
  let answers = 0;
  for (const seen of totals.get(of)?.places.get(path)?.members?.values() ?? []) answers += seen.answers;
  return answers >= MIN_MEMBER_ANSWERS;
}
