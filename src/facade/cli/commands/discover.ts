import { print, type Command } from '../context.ts';
import { EXIT } from '../exit.ts';
import { ago } from '../format.ts';
import { renderTable, type Column } from '../table.ts';

interface DiscoveryAnswer {
  readonly unclaimed: readonly {
    readonly method: string;
    readonly template: string;
    readonly count: number;
    readonly lastSeen: string;
  }[];
}

const COLUMNS: readonly Column[] = [
  { title: 'CALLS', align: 'right' },
  { title: 'LAST' },
  { title: 'METHOD' },
  { title: 'PATH' },
];

/** What passes through because no route claims it. */
export const discover: Command = async (context) => {
  const found = await context.admin.get<DiscoveryAnswer>('/api/discovery');
  const { io, style } = context;
  print(context, found, ({ unclaimed }) => {
    if (unclaimed.length === 0) return 'Nothing has passed through since the start: every call has its route.';
    const rows = unclaimed.map(({ method, template, count, lastSeen }) => [
      String(count),
      ago(lastSeen, io.now()),
      method,
      template,
    ]);
    const remark = 'Calls that no route claims, so that they go direct; each needs a route before it can move.';
    return `${renderTable(COLUMNS, rows, io.width, style)}\n\n${remark}`;
  });
  return EXIT.ok;
};
