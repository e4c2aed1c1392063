import { parseDuration } from '../../http/units.ts';
import type { StepSettings } from './ports.ts';
import type { RetrySchedule } from './schedule.ts';
import type { EnrichmentConfig } from './section.ts';

/** The config's block in milliseconds. Read at every use, so that a reload acts at once. */
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
      quick: retry.quick.map(parseDuration),
      slow: parseDuration(retry.slow),
      giveUp: parseDuration(retry.giveUp),
    },
    pace: parseDuration(workApi.pace),
    workApiDeadline: parseDuration(workApi.deadline),
    diretrixDeadline: parseDuration(diretrix.deadline),
    maxLength: message.maxLength,
    incomeMultiplier,
    window: parseDuration(config.window),
    settle: parseDuration(config.settle),
    repeatAfter: parseDuration(config.repeatAfter),
    syncDeadline: parseDuration(config.syncDeadline),
    retentionDays: config.retentionDays,
  };
}
