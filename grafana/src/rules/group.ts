/** The shape of a Prometheus rule file, as far as it is used here. */

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** How long it must hold. */
  readonly for: string;
  readonly labels: { readonly severity: Severity };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

/** `critical`: callers suffer now, wake somebody. `warning`: look at it in working hours. */
export type Severity = 'critical' | 'warning';

export interface RuleGroup<R extends RecordingRule | AlertRule> {
  readonly name: string;
  readonly rules: readonly R[];
}
