import { HOUR_MS } from '../../../http/units.ts';
import { grouped } from '../groups.ts';
import { chanceOfGone, chanceOfNew } from './chance.ts';
import { itemsOf } from './answer-shape.ts';
import { ANSWER, ANSWER_CLASSES, SLOT_MS, slotOf, type AnswerClass, type Sightings } from './day-shapes.ts';
import { MIN_MEMBER_ANSWERS } from './members.ts';
import type { ClassTotal, PlaceTotal, ShapeTotals } from './totals.ts';

/**
 * What direct answers otherwise than in the week before. A pure function of counts. A change is held against all that was
 * seen before it, on the same day too: `since` is the first sight of what is new, or the last of what is gone.
 */

export const DRIFT_KINDS = ['appeared', 'vanished', 'type', 'member'] as const;
export type DriftKind = (typeof DRIFT_KINDS)[number];
export const DRIFT_LEVELS = ['info', 'warning'] as const;
export type DriftLevel = (typeof DRIFT_LEVELS)[number];

export interface DriftFinding {
  /** Which answers. */
  readonly answers: AnswerClass;
  /** As the parity report writes it; empty: the answer as a whole. */
  readonly path: string;
  readonly kind: DriftKind;
  /** What a caller may not notice is `info`. */
  readonly level: DriftLevel;
  /** Types, `absent`, or the members of an enum. */
  readonly from: string;
  readonly to: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** `/data/phone: vanished (string), in 1,000 of 1,000 before and in none of 40 since`; no value but members of enums. */
  readonly text: string;
}

/** Beyond it a chance is no drift. Small, for a route has hundreds of places, and each is asked every minute. */
const SIGNIFICANCE = 1e-5;
/** Answers before a change below which nothing is said. */
export const MIN_ANSWERS = 200;
/** Errors are rarer. */
const MIN_ERROR_ANSWERS = 50;
/** Milliseconds: what was seen before a change must reach back so far, lest the hours of a day be taken for drift. */
export const MIN_BASELINE_MS = 24 * HOUR_MS;
/** Part of the objects; a member that is in fewer is optional, and must be missing for a whole day. */
const ALWAYS = 0.95;

/** @param now milliseconds since 1970; @param accepted what changed up to then is the new normal */
export function driftOf(totals: ShapeTotals, now: number, accepted: number): DriftFinding[] {
  return ANSWER_CLASSES.flatMap((of) => {
    const total = totals.get(of);
    if (!total) return [];
    const minimum = of === '2xx' ? MIN_ANSWERS : MIN_ERROR_ANSWERS;
    return driftOfClass({ of, total, now, minimum }).filter(({ since }) => since > accepted);
  });
}

interface Judged {
  readonly of: AnswerClass;
  readonly total: ClassTotal;
  readonly now: number;
  readonly minimum: number;
}

function driftOfClass(judged: Judged): DriftFinding[] {
  const found: DriftFinding[] = [];
  for (const [path, place] of judged.total.places) {
    const gone = vanished(judged, path, place);
    // What is new with its object, or gone with it, is told of the object alone: of the member there is nothing before.
    found.push(
      ...(gone ?? appeared(judged, path, place) ?? [...types(judged, path, place), ...members(judged, path, place)]),
    );
  }
  return found;
}

/** Objects that could have had the member, before a time and since; those of the slot of that time count on one side. */
interface Around {
  readonly before: Counted;
  readonly since: Counted;
}
interface Counted {
  readonly answers: number;
  readonly count: number;
}

/** @param side on which the slot of that time counts. */
function around({ total }: Judged, path: string, at: number, side: keyof Around): Around | undefined {
  const slots = total.objects.get(parentOf(path));
  if (!slots) return undefined;
  const sums = { before: { answers: 0, count: 0 }, since: { answers: 0, count: 0 } };
  const limit = slotOf(at);
  let first = Infinity;
  for (const [slot, { answers, count }] of slots) {
    const sum = sums[slot === limit ? side : slot < limit ? 'before' : 'since'];
    sum.answers += answers;
    sum.count += count;
    first = Math.min(first, slot);
  }
  return at - first * SLOT_MS >= MIN_BASELINE_MS ? sums : undefined;
}

/** `/a/b` → `/a`; of an item its list; of the answer as a whole the answer. */
function parentOf(path: string): string {
  if (path === '') return ANSWER;
  return isItem(path) ? itemsOf(path) : path.slice(0, path.lastIndexOf('/'));
}
const isItem = (path: string): boolean => path.endsWith('/*');

function appeared(judged: Judged, path: string, place: PlaceTotal): DriftFinding[] | undefined {
  // An item is there or not by the data; and where places were left out, one that is new was perhaps left out before.
  if (isItem(path) || path === '' || judged.total.isFull) return undefined;
  const sums = around(judged, path, place.first, 'since');
  if (!sums || sums.before.answers < judged.minimum) return undefined;
  if (!isNew(sums, place)) return undefined;
  const to = typesText(place);
  const text = `appeared (${to}), in ${countText(place.count, sums.since.count)} since and in none of ${grouped(sums.before.count)} before`;
  return [finding(judged, path, { kind: 'appeared', level: 'info', from: 'absent', to, since: place.first, text })];
}

/** By answers and by how often it was there: items of one answer are not independent, and pages have different lengths. */
const isNew = ({ before, since }: Around, { answers, count }: Counted): boolean =>
  chanceOfNew(before.answers, since.answers, answers) < SIGNIFICANCE &&
  chanceOfNew(before.count, since.count, count) < SIGNIFICANCE;

function vanished(judged: Judged, path: string, place: PlaceTotal): DriftFinding[] | undefined {
  if (isItem(path) || path === '' || judged.total.isFull) return undefined;
  const sums = around(judged, path, place.last, 'before');
  if (!sums || place.answers < judged.minimum) return undefined;
  if (isTooSoon(judged, sums, place) || !isGone(sums, place)) return undefined;
  const from = typesText(place);
  const text = `vanished (${from}), in ${countText(place.count, sums.before.count)} before and in none of ${grouped(sums.since.count)} since`;
  return [finding(judged, path, { kind: 'vanished', level: 'warning', from, to: 'absent', since: place.last, text })];
}

const isGone = ({ before, since }: Around, { answers, count }: Counted): boolean =>
  chanceOfGone(before.answers, Math.min(answers, before.answers), since.answers) < SIGNIFICANCE &&
  chanceOfGone(before.count, Math.min(count, before.count), since.count) < SIGNIFICANCE;

/** What is optional may be missing for an hour of the day. */
const isTooSoon = ({ now }: Judged, { before }: Around, { count, last }: Sightings): boolean =>
  count < before.count * ALWAYS && now - last < MIN_BASELINE_MS;

/** A type that was not there before, and one that is there no more while others are. */
function types(judged: Judged, path: string, place: PlaceTotal): DriftFinding[] {
  const all = [...place.types].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const news = all.filter(([, seen]) => isNewPart(judged, path, place, seen));
  // Empty texts alone, and a place that is there no more, say nothing of its types.
  const isFollowed = (seen: Sightings) => all.some(([, other]) => other.last > seen.last);
  const gone = all.filter(([, seen]) => isFollowed(seen) && isGonePart(judged, path, place, seen));
  const [change] = [...news.map(([, { first }]) => first), ...gone.map(([, { last }]) => last)].toSorted(
    (a, b) => a - b,
  );
  if (change === undefined) return [];
  const listed = (without: typeof all) => all.filter((type) => !without.includes(type)).map(([type]) => type);
  const from = listed(news).join(' or ') || 'nothing';
  const to = listed(gone).join(' or ') || 'nothing';
  const text = `type ${from} → ${to}`;
  return [finding(judged, path, { kind: 'type', level: 'warning', from, to, since: change, text })];
}

function members(judged: Judged, path: string, place: PlaceTotal): DriftFinding[] {
  if (!place.members) return [];
  let known = 0;
  for (const { answers } of place.members.values()) known += answers;
  if (known < MIN_MEMBER_ANSWERS) return [];
  const isNewMember = (seen: Sightings) => isNewPart(judged, path, place, seen, MIN_MEMBER_ANSWERS);
  const news = [...place.members].filter(([, seen]) => isNewMember(seen));
  const old = [...place.members.keys()].filter((member) => !news.some(([one]) => one === member)).toSorted();
  // A place of which no member was known before has no enum that could have grown.
  if (news.length === 0 || old.length === 0) return [];
  const to = news
    .map(([member]) => member)
    .toSorted()
    .join(', ');
  const since = Math.min(...news.map(([, { first }]) => first));
  const text = `new ${news.length === 1 ? 'member' : 'members'} ${to}, beside ${old.join(', ')}`;
  return [finding(judged, path, { kind: 'member', level: 'info', from: old.join(', '), to, since, text })];
}

/** A type, or a member: it is counted against the answers in which its place was there. */
function isNewPart(
  judged: Judged,
  path: string,
  place: PlaceTotal,
  seen: Sightings,
  minimum = judged.minimum,
): boolean {
  const sums = around(judged, path, seen.first, 'since');
  if (!sums) return false;
  const parts = { before: partOf(sums, place, 'before', -1), since: partOf(sums, place, 'since', 1) };
  return parts.before.answers >= minimum && isNew(parts, seen);
}

function isGonePart(judged: Judged, path: string, place: PlaceTotal, seen: Sightings): boolean {
  const sums = around(judged, path, seen.last, 'before');
  if (!sums || seen.answers < judged.minimum || isTooSoon(judged, sums, seen)) return false;
  return isGone({ before: partOf(sums, place, 'before', 1), since: partOf(sums, place, 'since', -1) }, seen);
}

/**
 * How often a place was there is known as a whole: before a time and since it was there as often as its object, in the mean.
 * By chance it was not, so the figure is moved by three deviations to the side on which nothing is told too easily.
 */
function partOf({ before, since }: Around, place: Counted, side: keyof Around, towards: 1 | -1): Counted {
  const of = side === 'before' ? before : since;
  const part = (all: number, own: number, mine: number) => {
    const share = Math.min(1, own / all);
    const mean = mine * share;
    return Math.max(0, Math.floor(mean + towards * 3 * Math.sqrt(mean * (1 - share))));
  };
  return {
    answers: part(before.answers + since.answers, place.answers, of.answers),
    count: part(before.count + since.count, place.count, of.count),
  };
}

const typesText = ({ types: seen }: PlaceTotal): string => [...seen.keys()].toSorted().join(' or ') || 'empty text';
const countText = (count: number, of: number): string => `${grouped(count)} of ${grouped(Math.max(count, of))}`;

function finding({ of }: Judged, path: string, found: Omit<DriftFinding, 'answers' | 'path'>): DriftFinding {
  const where = path === '' ? 'the answer' : path;
  return { answers: of, path, ...found, text: `${of === '2xx' ? '' : `${of} `}${where}: ${found.text}` };
}
