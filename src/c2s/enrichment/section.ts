import { z } from 'zod';
import { shareOf } from '../../facade/config/per-worker-limits.ts';
import type { ConfigSection, SectionWarning } from '../../facade/config/table-schema.ts';
import { duration, durationUpTo, positiveDuration } from '../../http/units.ts';

/** `enrichment:` in the rollout table. */

/** Half a year: time to register the new URLs, and not to forget that they are missing. */
const MAX_UNSIGNED_DAYS = 184;
const DAY_MS = 86_400_000;

/** The end of a day in UTC, in milliseconds since the epoch. @param day as ISO 8601 has it */
const endOfDay = (day: string): number => Date.parse(day) + DAY_MS;

const webhooks = z.strictObject({
  c2s: z
    .strictObject({
      acceptUnsignedUntil: z.iso
        .date({ error: 'write a day, such as 2027-01-31', abort: true })
        .refine(
          (day) => endOfDay(day) <= Date.now() + (MAX_UNSIGNED_DAYS + 1) * DAY_MS,
          `write a day at most ${MAX_UNSIGNED_DAYS} days from now`,
        )
        .optional()
        .describe(
          'Until the end of this day (UTC) a push of Contact2Sale that shows no secret is taken, as subscriptions of the old service send it. A wrong secret is refused all the same. Left out: every push must show WEBHOOK_SECRET.',
        ),
      unsignedPerMinute: z
        .int()
        .min(1)
        .max(10_000)
        .default(120)
        .describe(
          'Events of pushes without a secret that are taken in a minute; what is beyond gets 429 with Retry-After.',
        ),
    })
    .prefault({})
    .describe('Pushes of Contact2Sale.'),
  googleAds: z
    .strictObject({
      answerWithin: durationUpTo(
        '60s',
        'Longest wait for the new lead, so that the answer names it (201). After it 202 is answered, and the work goes on.',
      ).prefault('10s'),
      typeNegotiation: z
        .string()
        .max(100)
        .default('Compra')
        .describe(
          'type_negotiation of the new leads. The gateway does not know the field, so that a lead with it takes the direct path. Empty: it is not sent.',
        ),
    })
    .prefault({})
    .describe('Lead forms of Google Ads.'),
});

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
  hold: durationUpTo(
    '1h',
    'A lead is held so long from its first order: a further one starts nothing, unless the first one failed.',
  ).prefault('300s'),
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
  webhooks: webhooks.prefault({}).describe('What Contact2Sale and Google Ads push.'),
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
  splitLimits: (settings, workers) => ({
    ...settings,
    concurrency: shareOf(settings.concurrency, workers),
    webhooks: {
      ...settings.webhooks,
      c2s: {
        ...settings.webhooks.c2s,
        unsignedPerMinute: shareOf(settings.webhooks.c2s.unsignedPerMinute, workers),
      },
    },
  }),
  warnings: ({ webhooks: { c2s } }, now) => unsignedWarnings(c2s.acceptUnsignedUntil, now),
};

/** When unsigned pushes are no longer taken, in milliseconds since the epoch; undefined: none is. */
export const unsignedUntil = ({ webhooks: { c2s } }: EnrichmentConfig): number | undefined =>
  c2s.acceptUnsignedUntil === undefined ? undefined : endOfDay(c2s.acceptUnsignedUntil);

function unsignedWarnings(until: string | undefined, now: number): SectionWarning[] {
  if (until === undefined) return [];
  const path = ['webhooks', 'c2s', 'acceptUnsignedUntil'];
  if (endOfDay(until) <= now) {
    return [
      {
        path,
        kind: 'unsigned-pushes-over',
        message: `${until} is over: pushes of Contact2Sale without a secret are refused`,
        remedy: 'remove the line',
      },
    ];
  }
  return [
    {
      path,
      kind: 'unsigned-pushes',
      message: `until ${until} whoever reaches the facade can have any lead enriched, at your cost`,
      remedy: 'register the URL with the secret ("c2s-facade webhooks subscribe"), then remove the line',
    },
  ];
}
