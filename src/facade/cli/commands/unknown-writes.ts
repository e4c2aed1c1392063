import type { Settlement, UnknownWriteState } from '../../store/unknown-write.ts';
import { print, type Command, type CommonOptions, type Context } from '../context.ts';
import { EXIT, usageError } from '../exit.ts';
import { instant } from '../format.ts';
import { signature } from '../signature.ts';
import { renderRecords, type Column } from '../table.ts';

interface UnknownWritesOptions extends CommonOptions {
  readonly settle?: boolean;
  readonly arrived?: boolean;
  readonly notArrived?: boolean;
  readonly why?: string;
  readonly state?: string;
  readonly limit?: number;
}

interface Line {
  readonly id: string;
  readonly at: string;
  readonly route: string;
  readonly method: string;
  readonly template: string;
  readonly params: readonly string[];
  readonly path: string;
  readonly caller: string | null;
  readonly requestId: string;
  readonly outcome: string | null;
  readonly state: UnknownWriteState;
  readonly why: string | null;
  readonly settlement: Settlement | null;
}

interface List {
  readonly kept: string;
  readonly counts: Readonly<Record<UnknownWriteState, number>>;
  readonly unknownWrites: readonly Line[];
  readonly next?: string;
}

const COLUMNS: readonly Column[] = [
  { title: 'WHEN' },
  { title: 'STATE' },
  { title: 'ROUTE' },
  { title: 'IDS' },
  { title: 'PATH' },
  { title: 'OUTCOME' },
  { title: 'CALLER' },
  { title: 'ID' },
];

/** Writes of which nobody knows whether they were carried out; or says that somebody has seen to some of them. */
export const unknownWrites: Command<UnknownWritesOptions> = async (context, options, ids) => {
  const { settle, arrived, notArrived, why } = options;
  if (!settle && (arrived || notArrived || why !== undefined))
    throw usageError('--arrived, --not-arrived and --why belong to --settle.');
  if (settle) await change(context, options, ids.filter(Boolean));
  else await list(context, options, ids.filter(Boolean));
  return EXIT.ok;
};

async function list(context: Context, { state, limit = 50 }: UnknownWritesOptions, ids: readonly string[]) {
  if (ids.length > 0) throw usageError('Say what is to be done with them: --settle.');
  const given = { limit: String(limit), ...(state && { state }) };
  const found = await context.admin.get<List>(`/api/unknown-writes?${new URLSearchParams(given).toString()}`);
  print(context, found, (shown) => render(context, shown));
}

async function change(context: Context, options: UnknownWritesOptions, ids: readonly string[]) {
  const { arrived, notArrived, why } = options;
  if (ids.length === 0) throw usageError('Write the ids of unknown writes.');
  if (arrived && notArrived) throw usageError('Write --arrived or --not-arrived, not both.');
  if (why === undefined) throw usageError('Say what you found, for the record: --why <text>.');
  const found = arrived ? 'arrived' : notArrived ? 'not_arrived' : undefined;
  const body = { ids, ...signature({ why }), ...(found && { found }) };
  const done = await context.admin.send<{ settled: string[] }>('POST', '/api/unknown-writes/settle', body);
  print(context, done, ({ settled }) => sentence(settled.length));
}

const sentence = (count: number): string =>
  count === 0
    ? 'Settled: none. They are settled already, or not known.'
    : `Settled: ${count} ${count === 1 ? 'write' : 'writes'}.`;

function render({ io, style }: Context, { kept, counts, unknownWrites: writes, next }: List): string {
  if (writes.length === 0) return 'No unknown writes.';
  const rows = writes.map(({ at, state, route, method, template, params, path, outcome, caller, why, id }) => [
    instant(at),
    why === null ? state : `${state} (${why})`,
    route === 'passthrough' ? `${method} ${template}` : route,
    params.join(' '),
    path,
    outcome ?? 'the process ended',
    caller ?? 'unknown',
    id,
  ]);
  const { open, arrived, not_arrived, cannot_tell, settled } = counts;
  const lines = [
    renderRecords(COLUMNS, rows, io.width, style),
    '',
    `${open} open, ${not_arrived} not arrived, ${cannot_tell} cannot be told, ${arrived} arrived, ${settled} settled. Kept ${kept}`,
  ];
  if (next !== undefined) lines.push('There are more: --limit shows up to 500.');
  return lines.join('\n');
}
