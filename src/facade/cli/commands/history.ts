import { print, type Command, type CommonOptions, type Context } from '../context.ts';
import { EXIT } from '../exit.ts';
import { instant } from '../format.ts';
import { requireLiveRoute } from '../live.ts';
import { renderTable, type Column } from '../table.ts';

export interface HistoryOptions extends CommonOptions {
  readonly limit?: number;
}

/** A line of the history; what the admin API adds to it does not matter here. */
export interface FlipLine {
  readonly revision: number;
  readonly at: string;
  readonly kind: string;
  readonly source: string;
  readonly who: string;
  readonly why?: string | null;
  readonly route?: string;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly forced?: boolean | null;
  /** What the evidence said against it. */
  readonly against?: string | null;
}

export interface HistoryAnswer {
  readonly revision: number;
  readonly flips: readonly FlipLine[];
}

const COLUMNS: readonly Column[] = [
  { title: 'REV', align: 'right' },
  { title: 'WHEN' },
  { title: 'WHO', elastic: 2 },
  { title: 'ROUTE', elastic: 3, narrowest: 12 },
  { title: 'CHANGE' },
  { title: 'WHY', elastic: 1 },
];

/** Who flipped what, when and why; the newest first. */
export const history: Command<HistoryOptions> = async (context, { limit = 20 }, [route]) => {
  const query = new URLSearchParams({ limit: String(limit), ...(route === undefined ? {} : { route }) });
  const found = await context.admin.get<HistoryAnswer>(`/api/history?${query.toString()}`);
  // A route that left the table has a history all the same.
  if (route !== undefined && found.flips.length === 0) await requireLiveRoute(context, route);
  print(context, found, (shown) => render(context, shown));
  return EXIT.ok;
};

function render({ io, style }: Context, { flips }: HistoryAnswer): string {
  if (flips.length === 0) return 'Nothing was flipped yet.';
  const rows = flips.map(({ revision, at, source, who, route, from, to, ...reason }) => [
    String(revision),
    instant(at),
    who === source ? source : `${who} (${source})`,
    route ?? 'kill switch',
    changeText(from, to),
    reasonText(reason),
  ]);
  return renderTable(COLUMNS, rows, io.width, style);
}

/** `forced: the gateway team has seen it`. What stood against it is in --json: it would be longer than the line. */
function reasonText({ why, forced, against }: Pick<FlipLine, 'why' | 'forced' | 'against'>): string {
  if (forced) return `forced: ${why ?? ''}`;
  return [why, against && 'would have needed force'].filter(Boolean).join('; ');
}

/** `gateway 0 → 25, shadow 10 → 0`; `off → on` of the kill switch. */
export function changeText(from: unknown, to: unknown): string {
  if (typeof from === 'boolean' || typeof to === 'boolean') return `${from ? 'on' : 'off'} → ${to ? 'on' : 'off'}`;
  const [before, after] = [recordOf(from), recordOf(to)];
  return Object.keys(after)
    .filter((key) => before[key] !== after[key])
    .map((key) => `${key} ${String(before[key])} → ${String(after[key])}`)
    .join(', ');
}

const recordOf = (value: unknown) =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
