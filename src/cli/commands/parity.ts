import type { ParityView } from '../parity.ts';
import { print, type Command, type Context } from '../context.ts';
import { EXIT } from '../exit.ts';
import { percent, share } from '../format.ts';
import { requireRoute } from '../live.ts';
import { parityOf } from '../parity.ts';
import { renderTable, type Column } from '../table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'ROUTE' },
  { title: 'VERDICT' },
  { title: 'COMPARED', align: 'right' },
  { title: 'SAME', align: 'right' },
  { title: 'PARITY ≥', align: 'right' },
  { title: 'BECAUSE', elastic: true },
];

/** The evidence, and the verdict. Exit code 1 where a route that was named is not ready. */
export const parity: Command = async (context, _options, [id]) => {
  const reports = parityOf(await context.admin.get<unknown>('/api/parity'));
  if (id === undefined) {
    print(context, reports, () => renderAll(context, reports));
    return EXIT.ok;
  }
  const report = requireRoute(
    id,
    reports.map((one) => ({ ...one, id: one.route })),
  );
  print(context, report, () => renderOne(context, report));
  return report.verdict.kind === 'ready' ? EXIT.ok : EXIT.problems;
};

function renderAll({ io, style }: Context, reports: readonly ParityView[]): string {
  if (reports.length === 0)
    return 'Nothing is compared: no route has a shadow. "c2s-facade flip ROUTE --shadow 10" begins.';
  const rows = reports.map(({ route, verdict, counts, parity }) => {
    const compared = counts.match + counts.ignored + counts.mismatch;
    const low = parity.low === null ? '–' : percent(parity.low * 100);
    const reasons = verdict.reasons.map(({ text }) => text).join('; ');
    return [
      route,
      verdictText(verdict.kind, style),
      String(compared),
      share(counts.match + counts.ignored, compared),
      low,
      reasons,
    ];
  });
  return renderTable(COLUMNS, rows, io.width, style);
}

function verdictText(kind: string, style: Context['style']): string {
  if (kind === 'ready') return style.green(kind);
  return kind === 'not ready' ? style.red(kind) : kind;
}

function renderOne({ style }: Context, { route, verdict, counts, groups, window, coverage }: ParityView): string {
  const compared = counts.match + counts.ignored + counts.mismatch;
  const lines = [
    `${style.bold(route)}: ${verdictText(verdict.kind, style)}`,
    ...verdict.reasons.map(({ text }) => `  because ${text}`),
    `${compared} compared since ${window.from ?? 'the start'}: ${counts.match} match, ${counts.mismatch} differ, ${counts.ignored} ignored, ${counts.error} not judged`,
  ];
  if (groups.length > 0)
    lines.push(
      '',
      'Differences:',
      ...groups.map((group) => `  ${group.text} (${group.standing}, ${group.cross.count})`),
    );
  if (coverage.unseen.length > 0) lines.push('', `Seen live and never compared: ${coverage.unseen.join(', ')}`);
  return lines.join('\n');
}
