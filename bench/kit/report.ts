import { cpus } from 'node:os';
import { BODY_BYTES, CONNECTIONS } from './exchange.ts';
import { pinned } from './processes.ts';
import { coreShare, costRatio, errorsOf, typical, wasStarved, type Measured, type Plan } from './rounds.ts';
import type { Bound } from './bounds.ts';
import type { Subject } from './subjects.ts';

/** What a run prints, and what `--json` keeps. */

export interface Outcome {
  readonly measured: readonly Measured[];
  /** Subjects that could not be measured, and why. */
  readonly absent: ReadonlyMap<Subject, string>;
  readonly bounds: readonly Bound[];
  readonly plan: Plan;
}

export function machine() {
  const processors = cpus();
  return { node: process.version, cores: processors.length, processor: processors[0]?.model.trim() ?? '?', pinned };
}

/** Columns as wide as their widest cell: the first to the left, the others to the right. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

const times = (ratio: number) => (Number.isNaN(ratio) ? '–' : `${ratio.toFixed(2)}×`);

function mainTable({ measured, absent }: Outcome): string {
  const floor = measured.find(({ subject }) => subject.kind === 'floor');
  const head = ['', 'req/s', 'p50 ms', 'p99 ms', 'CPU µs/req', '÷ floor', 'core', 'errors'];
  const rows = measured.map((one) => [
    one.subject.title,
    typical(one, 'perSecond').toFixed(0),
    typical(one, 'p50').toFixed(2),
    typical(one, 'p99').toFixed(2),
    typical(one, 'cpuMicros').toFixed(1),
    floor ? times(costRatio(one, floor)) : '–',
    `${(coreShare(one) * 100).toFixed(0)} %`,
    String(errorsOf(one)),
  ]);
  const missing = [...absent].map(([subject, why]) => [subject.title, why.split('\n', 1).join('')]);
  return [aligned([head, ...rows]), ...(missing.length > 0 ? [aligned(missing)] : [])].join('\n');
}

function busyMachine({ measured }: Outcome): string | undefined {
  const starved = measured.filter(wasStarved);
  if (starved.length === 0) return undefined;
  const names = starved.map(({ subject }) => subject.name).join(', ');
  return `The machine was busy (${names} did not get a whole core): neither figures nor ratios hold, repeat it when it is quiet.`;
}

/** How many times less CPU each facade variant takes than each Node peer. */
function gainTable({ measured }: Outcome): string | undefined {
  const facades = measured.filter(({ subject }) => subject.kind === 'facade');
  const peers = measured.filter(({ subject }) => subject.kind === 'node');
  if (facades.length === 0 || peers.length === 0) return undefined;
  const head = ['CPU of the peer ÷ CPU of', ...peers.map(({ subject }) => subject.name)];
  return aligned([head, ...facades.map((f) => [f.subject.title, ...peers.map((peer) => times(costRatio(peer, f)))])]);
}

function boundLines({ bounds }: Outcome): string {
  if (bounds.length === 0) return 'No bound was judged: the facade was not measured.';
  const verdict = ({ met, beyondReach }: Bound) =>
    met ? 'met' : beyondReach ? 'out of reach: the floor misses it too' : 'MISSED';
  return aligned(bounds.map((bound) => [bound.text, bound.ratio.toFixed(2), verdict(bound)]));
}

export function printed(outcome: Outcome): string {
  const { node, cores, processor } = machine();
  const { rounds, measureMs } = outcome.plan;
  const complaints = [...outcome.absent.values()].filter((why) => why.includes('\n'));
  const errors = outcome.measured.flatMap(({ subject, rounds: all }) =>
    all.filter((round) => round.firstError).map((round) => `${subject.name}: ${round.firstError}`),
  );
  return [
    `Node ${node}, ${cores} × ${processor}; ${pinned ? 'subject on core 1, load generator and upstream on core 0' : 'UNPINNED: taskset or a second core is missing, so latencies and requests/s mean little'}`,
    `GET of a ${BODY_BYTES}-byte JSON, ${CONNECTIONS} keep-alive connections, ${rounds} interleaved rounds of ${measureMs} ms; medians`,
    mainTable(outcome),
    gainTable(outcome),
    busyMachine(outcome),
    boundLines(outcome),
    ...new Set([...errors, ...complaints]),
  ]
    .filter((part) => part !== undefined)
    .join('\n\n');
}

export function json({ measured, absent, bounds, plan }: Outcome): string {
  const subjects = measured.map((one) => ({
    name: one.subject.name,
    title: one.subject.title,
    kind: one.subject.kind,
    perSecond: typical(one, 'perSecond'),
    p50: typical(one, 'p50'),
    p99: typical(one, 'p99'),
    cpuMicros: typical(one, 'cpuMicros'),
    coreShare: coreShare(one),
    costRatios: Object.fromEntries(measured.map((other) => [other.subject.name, costRatio(one, other)])),
    errors: errorsOf(one),
    rounds: one.rounds,
  }));
  const missing = [...absent].map(([{ name, title }, reason]) => ({ name, title, reason }));
  const setting = { connections: CONNECTIONS, bodyBytes: BODY_BYTES, ...plan };
  return JSON.stringify(
    { date: new Date().toISOString(), machine: machine(), setting, subjects, missing, bounds },
    null,
    2,
  );
}
