import type { DifferenceGroup } from '../groups.ts';
import type { ParityReport } from '../report.ts';
import type { DriftReport } from './book.ts';
import type { DriftFinding } from './findings.ts';

/**
 * A parity report together with the drift of direct. Where both speak of one place, the gateway may only be late: it answers
 * as direct did last week.
 */

/** A finding with its time as ISO 8601. */
export interface ShownFinding extends Omit<DriftFinding, 'since'> {
  readonly since: string;
}

export interface ShownDrift extends Omit<DriftReport, 'findings'> {
  readonly findings: readonly ShownFinding[];
}

export interface ReportWithDrift extends Omit<ParityReport, 'groups'> {
  readonly groups: readonly (DifferenceGroup & { readonly directChanged?: true })[];
  /** Undefined for a route that has not both endpoints. */
  readonly drift: ShownDrift | undefined;
}

export function withDrift(report: ParityReport, drift: DriftReport | undefined): ReportWithDrift {
  if (!drift) return { ...report, drift };
  const changed = new Set(drift.findings.flatMap(({ answers, path }) => (answers === '2xx' ? [path] : [])));
  const groups: ReportWithDrift['groups'] = report.groups.map((group) =>
    changed.has(group.path) ? { ...group, directChanged: true as const } : group,
  );
  const shown = {
    ...drift,
    findings: drift.findings.map((one) => ({ ...one, since: new Date(one.since).toISOString() })),
  };
  const blamed = groups.filter(
    ({ standing, directChanged }) => directChanged && (standing === 'fault' || standing === 'suspect'),
  );
  return {
    ...report,
    groups,
    drift: shown,
    verdict: blamed.length === 0 ? report.verdict : hinted(report, blamed.length),
  };
}

function hinted({ verdict }: ParityReport, places: number): ParityReport['verdict'] {
  const text = `direct changed at ${places} of the places that differ (drift of direct): the gateway may answer as direct did before`;
  const reasons = [...verdict.reasons, { kind: 'drift', text } as const];
  return { ...verdict, reasons, text: `${verdict.text}${verdict.reasons.length === 0 ? ': ' : '; '}${text}` };
}
