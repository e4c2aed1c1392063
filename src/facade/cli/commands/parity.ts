import { factCounts } from '../../compare/coverage.ts';
import type { IntervalView, ParityReportView } from '../parity.ts';
import { print, type Command, type Context } from '../context.ts';
import { EXIT } from '../exit.ts';
import { percent, share } from '../format.ts';
import { requireRoute } from '../live.ts';
import { parityOf } from '../parity.ts';
import { renderTable, type Column } from '../table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'ROUTE', elastic: 2, narrowest: 12 },
  { title: 'VERDICT' },
  { title: 'COMPARED', align: 'right' },
  { title: 'SAME', align: 'right' },
  { title: 'PARITY ≥', align: 'right' },
  { title: 'BECAUSE', elastic: 1 },
];

/** The evidence, and the verdict. Exit code 1 where a route that was named is not ready. */
export const parity: Command = async (context, _options, [id]) => {
  const reports = parityOf(await context.admin.get<unknown>('/api/parity'));
  if (id === undefined) {
    print(context, reports, (shown) => renderAll(context, shown));
    return EXIT.ok;
  }
  const report = requireRoute(
    context,
    id,
    reports.map((one) => ({ ...one, id: one.route })),
  );
  print(context, report, (shown) => renderOne(context, shown));
  return report.verdict.kind === 'ready' ? EXIT.ok : EXIT.problems;
};

function renderAll({ io, style, name }: Context, reports: readonly ParityReportView[]): string {
  if (reports.length === 0)
    return `Nothing is compared: no route has a shadow. "${name} flip ROUTE --shadow 10" begins.`;
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

function renderOne({ style }: Context, report: ParityReportView): string {
  const { route, verdict, counts, groups, window, coverage } = report;
  const compared = counts.match + counts.ignored + counts.mismatch;
  const lines = [
    `${style.bold(route)}: ${verdictText(verdict.kind, style)}`,
    ...verdict.reasons.map(({ text }) => `  because ${text}`),
    `${compared} compared since ${window.from ?? 'the start'}: ${counts.match} match, ${counts.mismatch} differ, ${counts.ignored} ignored, ${counts.error} not judged${reasonsOf(report.errors ?? {})}`,
    ...(counts.data === undefined ? [] : [`${counts.data} of them with data on both sides`]),
    ...figuresOf(report),
  ];
  if (groups.length > 0)
    lines.push(
      '',
      'Differences:',
      ...groups.map((group) => `  ${group.text} (${group.standing}, ${group.cross.count})`),
    );
  if (report.proposedRules !== undefined)
    lines.push(
      '',
      'Direct differs from itself here. To leave these places out of the comparison, add to the route:',
      ...report.proposedRules.split('\n').map((line) => `  ${line}`),
    );
  if (coverage.unseen.length > 0)
    lines.push('', `Seen live and never compared: ${factCounts(coverage.unseen)}`, ...listed(coverage.unseen));
  return lines.join('\n');
}

/** Behind a count, one a line; a few are named in it. */
const listed = (facts: readonly string[]) => (facts.length <= 3 ? [] : facts.map((fact) => `  ${fact}`));

/** ` (40 dropped, 2 rate limited)`: shadows that were dropped look like a quiet route otherwise. */
function reasonsOf(errors: Readonly<Record<string, number>>): string {
  const reasons = Object.entries(errors).toSorted(([, a], [, b]) => b - a);
  return reasons.length === 0 ? '' : ` (${reasons.map(([why, n]) => `${n} ${why.replaceAll('_', ' ')}`).join(', ')})`;
}

/** What was measured besides the answers, each with its interval. */
function figuresOf({ latency, failures, readBacks }: ParityReportView): string[] {
  const lines: string[] = [];
  if (readBacks) {
    const { arrived, notArrived, cannotTell, share } = readBacks;
    lines.push(`Read back: ${arrived} arrived, ${notArrived} did not, ${cannotTell} could not be told`);
    if (share && share.value !== null) lines.push(`Writes that arrive: ${interval(share, points)}`);
  }
  if (failures && failures.difference.value !== null) {
    lines.push(`Failures of the gateway beyond those of direct: ${interval(failures.difference, points)}`);
  }
  for (const name of ['p50', 'p95', 'p99'] as const) {
    const ratio = latency?.ratio[name];
    if (ratio && ratio.value !== null) lines.push(`${name} of the gateway: ${interval(ratio, times)} that of direct`);
  }
  return lines;
}

const points = (part: number): string => `${(part * 100).toFixed(2)} %`;
const times = (ratio: number): string => `${ratio.toFixed(2)}×`;

function interval({ value, low, high }: IntervalView, text: (part: number) => string): string {
  const bound = (part: number | null) => (part === null ? '–' : text(part));
  return `${bound(value)} (${bound(low)} to ${bound(high)})`;
}
