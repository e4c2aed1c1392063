/** Lists that an API shows in parts, under any of the names that are in use for saying so. */

/** How deep it is said: `meta.pagination.links.next`. */
const DEEPEST = 3;

const OTHER_PART = /^(?:has_?)?(?:more|next|prev|previous)(?:_?(?:page|page_?url|page_?token|cursor|link|url))?$/i;
const PAGES = /^(?:page_?count|pages|total_?pages|last_?page)$/i;
const PAGE = /^(?:current_?)?page$/i;
const BEFORE = /^(?:offset|skip)$/i;
const TOTAL = /^(?:count|total(?:_?(?:count|entries|items|results|elements|records|messages))?)$/i;

/**
 * Does the envelope of a list say that there is more than it shows?
 * @param envelope `{data: […], meta, links}`; a bare list says nothing.
 */
export function saysMore(envelope: unknown): boolean {
  if (!isRecord(envelope) || !Array.isArray(envelope['data'])) return false;
  const { data, ...about } = envelope;
  return tellsMore(about, (data as unknown[]).length, DEEPEST);
}

function tellsMore(about: unknown, shown: number, depth: number): boolean {
  if (!isRecord(about)) return false;
  return Object.entries(about).some(([name, value]) => {
    if (OTHER_PART.test(name)) return isFilled(value);
    if (PAGES.test(name) || PAGE.test(name)) return Number(value) > 1;
    if (BEFORE.test(name)) return Number(value) > 0;
    if (TOTAL.test(name)) return Number(value) > shown;
    return depth > 0 && tellsMore(value, shown, depth - 1);
  });
}

/** `{href: null}` is none either. */
const isFilled = (value: unknown): boolean =>
  isRecord(value) ? Object.values(value).some(isFilled) : Boolean(value) && value !== 'false' && value !== '0';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
