import { factCounts } from '../../compare/coverage.ts';
import { grouped } from '../../compare/groups.ts';
import type { IntervalView, ParityReportView } from '../parity.ts';
import type { ShadowBudgetView } from '../../compare/shadow-budget.ts';
import { print, type Command, type CommonOptions, type Context } from '../context.ts';
import { EXIT, usageError } from '../exit.ts';
import { count, instant, percent, share } from '../format.ts';
import { requireRoute } from '../live.ts';
import { parityOf } from '../parity.ts';
import { budgetLines, spentLines } from '../shadow-budget.ts';
import { signature } from '../signature.ts';
import { renderTable, type Column } from '../table.ts';
import { allVisible, visibleLines } from '../../../http/visible.ts';

const COLUMNS: readonly Column[] = [
  { title: 'ROUTE', elastic: 2, narrowest: 12 },
  { title: 'VERDICT' },
  { title: 'COMPARED', align: 'right' },
  { title: 'SAME', align: 'right' },
  { title: 'PARITY ≥', align: 'right' },
  { title: 'BECAUSE', elastic: 1 },
];

export interface ParityOptions extends CommonOptions {
  readonly acceptDrift?: boolean;
  readonly why?: string;
}

/** The evidence, and the verdict. Exit code 1 where a route that was named is not ready. */
export const parity: Command<ParityOptions> = async (context, { acceptDrift, why }, [id]) => {
  if (acceptDrift) return accept(context, id, why);
  if (why !== undefined) throw usageError('--why belongs to --accept-drift.');
  const answer = await context.admin.get<{ shadowBudget?: ShadowBudgetView }>('/api/parity');
  const reports = parityOf(answer);
  if (id === undefined) {
    print(context, reports, (shown) =>
      [renderAll(context, shown), ...budgetLines(answer.shadowBudget, context.style)].join('\n\n'),
    );
    return EXIT.ok;
  }
  const report = requireReport(context, id, reports);
  const spent = spentLines(allVisible(answer.shadowBudget), id);
  print(context, report, (shown) => renderOne(context, shown, { spent, rules: linesOf(report.proposedRules) }));
  return report.verdict.kind === 'ready' ? EXIT.ok : EXIT.problems;
};

function requireReport(context: Context, id: string, reports: readonly ParityReportView[]): ParityReportView {
  return requireRoute(
    context,
    id,
    reports.map((one) => ({ ...one, id: one.route })),
  );
}

const learning = ({ isLearnt, answers }: NonNullable<ParityReportView['drift']>): string =>
  isLearnt ? '' : ` Not learnt yet: ${count(answers, 'answer')} so far.`;

async function accept(context: Context, id: string | undefined, why: string | undefined): Promise<number> {
  if (id === undefined) throw usageError('Name the route whose drift to accept.');
  const { drift } = requireReport(context, id, parityOf(await context.admin.get('/api/parity')));
  if (drift?.findings.length === 0) {
    print(context, { route: id, drift }, () => `No drift of ${id}: there is nothing to accept.${learning(drift)}`);
    return EXIT.problems;
  }
  const accepted = await context.admin.send(
    'POST',
    `/api/parity/${encodeURIComponent(id)}/drift/accept`,
    signature(why === undefined ? {} : { why }),
  );
  print(context, accepted, () => `${id}: what direct answers now is the new normal.`);
  return EXIT.ok;
}

function renderAll({ io, style, name }: Context, reports: readonly ParityReportView[]): string {
  if (reports.length === 0)
    return `Nothing is compared: no route has a shadow. "${name} flip ROUTE --shadow 10" begins.`;
  const rows = reports.map(({ route, verdict, counts, parity, drift }) => {
    const compared = counts.match + counts.ignored + counts.mismatch;
    // The bound of nothing is 0, as of a route that fails.
    const low = parity.low === null || compared === 0 ? '–' : percent(parity.low * 100);
    const reasons = [...driftSummary(drift), ...verdict.reasons.map(({ text }) => text)].join('; ');
    return [
      route,
      verdictText(verdict.kind, style),
      grouped(compared),
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

/** Of a text that the facade lays out itself: its line feeds are its own, what else could steer a terminal is not. */
const linesOf = (text: string | undefined): string[] => (text === undefined ? [] : visibleLines(text).split('\n'));

interface OwnLines {
  /** Of a daily budget that is spent. */
  readonly spent: readonly string[];
  /** Of the proposed rules. */
  readonly rules: readonly string[];
}

function renderOne({ style, name }: Context, report: ParityReportView, { spent, rules }: OwnLines): string {
  const { route, verdict, counts, groups, window, coverage } = report;
  const compared = counts.match + counts.ignored + counts.mismatch;
  const lines = [
    `${style.bold(route)}: ${verdictText(verdict.kind, style)}`,
    ...verdict.reasons.map(({ text }) => `  because ${text}`),
    ...spent.map((line) => style.yellow(line)),
    `${grouped(compared)} compared since ${window.from ?? 'the start'}: ${grouped(counts.match)} match, ${grouped(counts.mismatch)} differ, ${grouped(counts.ignored)} ignored, ${grouped(counts.error)} not judged${reasonsOf(report.errors ?? {})}`,
    ...(counts.data === undefined ? [] : [`${grouped(counts.data)} of them with data on both sides`]),
    ...figuresOf(report),
    ...driftLines(report, name),
  ];
  if (groups.length > 0)
    lines.push(
      '',
      'Differences:',
      ...groups.map(
        ({ text, standing, cross, directChanged }) =>
          `  ${text} (${standing}, ${grouped(cross.count)}${directChanged ? ', direct changed' : ''})`,
      ),
    );
  if (rules.length > 0)
    lines.push(
      '',
      'Direct differs from itself here. To leave these places out of the comparison, add to the route:',
      // As deep as the keys of a route stand in the table.
      ...rules.map((line) => `    ${line}`),
    );
  if (coverage.unseen.length > 0)
    lines.push('', `Seen live and never compared: ${factCounts(coverage.unseen)}`, ...listed(coverage.unseen));
  return lines.join('\n');
}

function driftSummary(drift: ParityReportView['drift']): string[] {
  const count = drift?.findings.filter(({ level }) => level === 'warning').length ?? 0;
  return count === 0 ? [] : [`direct drifts at ${count === 1 ? '1 place' : `${count} places`}`];
}

/** What direct answers otherwise than in the week before: none of the gateway's doing. */
function driftLines({ route, drift }: ParityReportView, name: string): string[] {
  if (!drift || drift.findings.length === 0) return [];
  return [
    '',
    'Drift of direct, against the week before:',
    ...drift.findings.map(
      ({ level, text, since }) => `  ${level === 'warning' ? '!' : '+'} ${instant(since)}  ${text}`,
    ),
    `  If this is the new normal: "${name} parity ${route} --accept-drift"`,
  ];
}

/** Behind a count, one a line; a few are named in it. */
const listed = (facts: readonly string[]) => (facts.length <= 3 ? [] : facts.map((fact) => `  ${fact}`));

/** ` (40 dropped, 2 rate limited)`: shadows that were dropped look like a quiet route otherwise. */
function reasonsOf(errors: Readonly<Record<string, number>>): string {
  const reasons = Object.entries(errors).toSorted(([, a], [, b]) => b - a);
  return reasons.length === 0
    ? ''
    : ` (${reasons.map(([why, n]) => `${grouped(n)} ${why.replaceAll('_', ' ')}`).join(', ')})`;
}

/** What was measured besides the answers, each with its interval. */
function figuresOf({ latency, failures, readBacks }: ParityReportView): string[] {
  const lines: string[] = [];
  if (readBacks) {
    const { arrived, notArrived, cannotTell, share } = readBacks;
    lines.push(
      `Read back: ${grouped(arrived)} arrived, ${grouped(notArrived)} did not, ${grouped(cannotTell)} could not be told`,
    );
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
