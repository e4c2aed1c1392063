import type { AuditRecord } from '../store/audit.ts';
import { print, type Command, type CommonOptions, type Context } from '../../facade/cli/context.ts';
import { EXIT } from '../../facade/cli/exit.ts';
import { instant } from '../../facade/cli/format.ts';
import { renderRecords, type Column } from '../../facade/cli/table.ts';

interface AuditOptions extends CommonOptions {
  readonly action?: string;
  readonly who?: string;
  readonly limit?: number;
  readonly before?: number;
}

interface List {
  readonly records: readonly (Omit<AuditRecord, 'at'> & { readonly at: string })[];
  readonly next?: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'WHEN' },
  { title: 'ACTION' },
  { title: 'WHO' },
  { title: 'BY' },
  { title: 'WHAT' },
  { title: 'PEOPLE', align: 'right' },
  { title: 'ROWS', align: 'right' },
  { title: 'ENRICHMENT' },
];

/** Who saw or erased personal data, when, and of how many people. */
export const audit: Command<AuditOptions> = async (context, { action, who, limit = 50, before }) => {
  const given = {
    limit: String(limit),
    ...(action && { action }),
    ...(who && { who }),
    ...(before && { before: String(before) }),
  };
  const found = await context.admin.get<List>(`/api/audit?${new URLSearchParams(given).toString()}`);
  print(context, found, (shown) => render(context, shown));
  return EXIT.ok;
};

function render({ io, style }: Context, { records, next }: List): string {
  if (records.length === 0) return 'No records.';
  const rows = records.map(({ at, action, who, via, subject, people, rows: count, reference }) => [
    instant(at),
    action,
    who,
    via,
    subject,
    String(people),
    String(count),
    reference ?? '',
  ]);
  const table = renderRecords(COLUMNS, rows, io.width, style);
  return next === undefined ? table : `${table}\n\nThere are older ones: --before ${next}.`;
}
