import type { DeadLetter, DeadState } from '../enrichment/dead-letters.ts';
import { print, type Command, type CommonOptions, type Context } from '../../facade/cli/context.ts';
import { EXIT, usageError } from '../../facade/cli/exit.ts';
import { instant } from '../../facade/cli/format.ts';
import { signature } from '../../facade/cli/signature.ts';
import { renderRecords, type Column } from '../../facade/cli/table.ts';

interface DeadLetterOptions extends CommonOptions {
  readonly retry?: boolean;
  readonly settle?: boolean;
  readonly all?: boolean;
  readonly notSent?: boolean;
  readonly state?: string;
  readonly reason?: string;
  readonly limit?: number;
}

interface List {
  readonly counts: Readonly<Record<DeadState, number>>;
  readonly deadLetters: readonly (Omit<DeadLetter, 'finishedAt'> & { readonly finishedAt: string })[];
  readonly next?: string;
}

const COLUMNS: readonly Column[] = [
  { title: 'ENDED' },
  { title: 'STATE' },
  { title: 'REASON' },
  { title: 'STEP' },
  { title: 'SENDS', align: 'right' },
  { title: 'LEAD' },
  { title: 'ENRICHMENT' },
];

/** Enrichments that a human must look at; has them tried again, or says that they were seen to. */
export const deadLetters: Command<DeadLetterOptions> = async (context, options, ids) => {
  const { retry, settle, notSent } = options;
  if (retry && settle) throw usageError('Write --retry or --settle, not both.');
  if (notSent && !retry) throw usageError('--not-sent belongs to --retry.');
  if (retry || settle) await change(context, options, ids.filter(Boolean));
  else await list(context, options, ids.filter(Boolean));
  return EXIT.ok;
};

async function list(context: Context, { all, state, reason, limit = 50 }: DeadLetterOptions, ids: readonly string[]) {
  if (all || ids.length > 0) throw usageError('Say what is to be done with them: --retry or --settle.');
  const given = { limit: String(limit), ...(state && { state }), ...(reason && { reason }) };
  const found = await context.admin.get<List>(`/api/dead-letters?${new URLSearchParams(given).toString()}`);
  print(context, found, (shown) => render(context, shown));
}

async function change(context: Context, options: DeadLetterOptions, ids: readonly string[]) {
  const { retry, all, notSent, state, reason } = options;
  if (all && ids.length > 0) throw usageError('Write the ids of enrichments, or --all, not both.');
  if (notSent && all) throw usageError('--not-sent is said of leads that somebody has looked at: write their ids.');
  if (!all && ids.length === 0) throw usageError('Write the ids of enrichments, or --all.');
  const chosen = all ? { all: true, ...(state && { state }), ...(reason && { reason }) } : { ids };
  const more = retry ? notSent && { notSent } : signature({});
  const body = { ...chosen, ...more };
  const path = `/api/dead-letters/${retry ? 'retry' : 'settle'}`;
  const done = await context.admin.send<{ retried?: string[]; settled?: string[] }>('POST', path, body);
  print(context, done, ({ retried, settled }) =>
    sentence(retried ? 'Tried again' : 'Settled', retried ?? settled ?? []),
  );
}

function render({ io, style }: Context, { counts, deadLetters: letters, next }: List): string {
  if (letters.length === 0) return 'No dead letters.';
  const rows = letters.map(({ id, leadId, state, result, reason, step, sends, finishedAt }) => [
    instant(finishedAt),
    state,
    reason ?? result,
    step,
    String(sends),
    leadId,
    id,
  ]);
  const lines = [
    renderRecords(COLUMNS, rows, io.width, style),
    '',
    `${counts.failed} failed, ${counts.unknown} unknown.`,
  ];
  if (next !== undefined) lines.push('There are more: --limit shows up to 500.');
  return lines.join('\n');
}

const sentence = (done: string, ids: readonly string[]): string =>
  ids.length === 0
    ? `${done}: none. They are settled, or their leads are under work.`
    : `${done}: ${ids.length} ${ids.length === 1 ? 'enrichment' : 'enrichments'}.`;
