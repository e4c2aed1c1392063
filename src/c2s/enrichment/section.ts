import { z } from 'zod';
import { shareOf } from '../../facade/config/per-worker-limits.ts';
import type { ConfigSection } from '../../facade/config/table-schema.ts';
import { duration, durationUpTo, positiveDuration } from '../../http/units.ts';

/** `enrichment:` in the rollout table. */

const enrichment = z.strictObject({
  concurrency: z
    .int()
    .min(1)
    .max(256)
    .default(32)
    .describe('Enrichments that one process works on at once. A change acts at the next start.'),
  retry: z
    .strictObject({
      quick: z
        .array(positiveDuration('One pause.'))
        .max(10)
        .prefault(['5s', '10s', '20s'])
        .describe('Pauses before the first tries after a failure. Who waits for the answer waits for these.'),
      slow: positiveDuration('Pause between the later tries.').prefault('1h'),
      giveUp: duration('How long the later tries go on. What fails then is a dead letter.').prefault('24h'),
    })
    .prefault({})
    .describe('When a step that failed is tried again.'),
  workApi: z
    .strictObject({
      pace: duration('From one call to the next, over all instances. The service asks for about 3 s.').prefault('3s'),
      deadline: positiveDuration('Longest wait for an answer. The slow ones are the complete ones.').prefault('60s'),
    })
    .prefault({})
    .describe('Work API: what is known of a CPF.'),
  diretrix: z
    .strictObject({ deadline: positiveDuration('Longest wait for an answer.').prefault('10s') })
    .prefault({})
    .describe('Diretrix: who is behind a phone or an e-mail.'),
  message: z
    .strictObject({
      maxLength: z
        .int()
        .min(200)
        .default(4_000)
        .describe('Longest message, in UTF-16 units; a longer one is cut between two lines, and says so.'),
    })
    .prefault({})
    .describe('The message on the lead.'),
  window: durationUpTo('300s', 'How long a CPF that was answered is not asked again.').prefault('60s'),
  settle: positiveDuration(
    'After this time a message whose sending was cut off cannot arrive any more, and is sent again if the lead does not have it. Keep it above `defaults.deadlines.total` and the 30 s of the gateway.',
  ).prefault('60s'),
  repeatAfter: duration(
    'A push of Contact2Sale about a lead that was enriched less than this ago starts nothing: our own message is an update of the lead too.',
  ).prefault('24h'),
  syncDeadline: positiveDuration(
    'Longest wait of POST /api/v1/c2s/enrich/:leadId; after it 202 is answered, and the work goes on.',
  ).prefault('120s'),
  retentionDays: z
    .int()
    .min(1)
    .default(180)
    .describe('Personal data that nothing renewed for so many days is deleted (LGPD).'),
  auditDays: z
    .int()
    .min(1)
    .default(1_825)
    .describe('Records of who saw or erased personal data are deleted after so many days. They hold none of it.'),
  campaigns: z
    .string()
    .optional()
    .describe(
      "What an advertisement's campaign means, for the leads of Google Ads: the file that the gateway reads too, such as config/campaigns.json. A change acts at the next start.",
    ),
});

export type EnrichmentConfig = z.output<typeof enrichment>;

export const ENRICHMENT_SECTION: ConfigSection<EnrichmentConfig> = {
  key: 'enrichment',
  schema: enrichment.prefault({}).describe('The enrichment of leads. Everything has a default.'),
  splitLimits: (settings, workers) => ({ ...settings, concurrency: shareOf(settings.concurrency, workers) }),
};
