import type { StepSettings } from './ports.ts';
import type { RetrySchedule } from './schedule.ts';
import type { EnrichmentConfig } from './section.ts';
import type { EnrichmentVariables } from './variables.ts';

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

export function enrichmentSettings(
  config: EnrichmentConfig,
  { incomeMultiplier, defaultSellerId }: Pick<EnrichmentVariables, 'incomeMultiplier' | 'defaultSellerId'>,
): EnrichmentSettings {
  const { retry, workApi, diretrix, message, webhooks } = config;
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
    newLead: { sellerId: defaultSellerId, typeNegotiation: webhooks.googleAds.typeNegotiation },
    windowMs: config.window,
    holdMs: config.hold,
    settleMs: config.settle,
    repeatAfterMs: config.repeatAfter,
    syncDeadlineMs: config.syncDeadline,
    retentionDays: config.retentionDays,
    auditDays: config.auditDays,
  };
}
