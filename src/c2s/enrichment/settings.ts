import type { EnrichmentConfig } from '../../facade/config/schema.ts';
import type { StepSettings } from './ports.ts';
import type { RetrySchedule } from './schedule.ts';

/** The config's block, durations in milliseconds. Read at every use, so that a reload acts at once. */
export interface EnrichmentSettings extends StepSettings {
  readonly concurrency: number;
  readonly schedule: RetrySchedule;
  readonly pace: number;
  readonly workApiDeadline: number;
  readonly diretrixDeadline: number;
  readonly window: number;
  readonly repeatAfter: number;
  readonly syncDeadline: number;
  readonly retentionDays: number;
}

export function enrichmentSettings(config: EnrichmentConfig, incomeMultiplier: number): EnrichmentSettings {
  const { retry, workApi, diretrix, message } = config;
  return {
    concurrency: config.concurrency,
    schedule: {
      quick: retry.quick,
      slow: retry.slow,
      giveUp: retry.giveUp,
    },
    pace: workApi.pace,
    workApiDeadline: workApi.deadline,
    diretrixDeadline: diretrix.deadline,
    maxLength: message.maxLength,
    incomeMultiplier,
    window: config.window,
    settle: config.settle,
    repeatAfter: config.repeatAfter,
    syncDeadline: config.syncDeadline,
    retentionDays: config.retentionDays,
  };
}
