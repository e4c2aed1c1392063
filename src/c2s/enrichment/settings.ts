import type { StepSettings } from './ports.ts';
import type { RetrySchedule } from './schedule.ts';
import type { EnrichmentConfig } from './section.ts';

/** The config's block, durations in milliseconds. Read at every use, so that a reload acts at once. */
export interface EnrichmentSettings extends StepSettings {
  readonly concurrency: number;
  readonly schedule: RetrySchedule;
  readonly paceMs: number;
  readonly workApiDeadlineMs: number;
  readonly diretrixDeadlineMs: number;
  readonly holdMs: number;
  readonly repeatAfterMs: number;
  readonly syncDeadlineMs: number;
  readonly retentionDays: number;
  readonly auditDays: number;
}

export function enrichmentSettings(config: EnrichmentConfig, incomeMultiplier: number): EnrichmentSettings {
  const { retry, workApi, diretrix, message } = config;
  return {
    concurrency: config.concurrency,
    schedule: {
      quickMs: retry.quick,
      slowMs: retry.slow,
      giveUpMs: retry.giveUp,
    },
    paceMs: workApi.pace,
    workApiDeadlineMs: workApi.deadline,
    diretrixDeadlineMs: diretrix.deadline,
    maxLength: message.maxLength,
    incomeMultiplier,
    windowMs: config.window,
    holdMs: config.hold,
    settleMs: config.settle,
    repeatAfterMs: config.repeatAfter,
    syncDeadlineMs: config.syncDeadline,
    retentionDays: config.retentionDays,
    auditDays: config.auditDays,
  };
}
