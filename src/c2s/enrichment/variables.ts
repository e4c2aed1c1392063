import { z } from 'zod';
import type { ExtensionVariables } from '../../facade/config/extension-variables.ts';
import { FACADE_FORMER_NAMES, GATEWAY_NAMES } from '../gateway/former-names.ts';
import { optional, strongToken, text, url } from '../../facade/config/variable-kinds.ts';

/** The variables of the enrichment. */

export interface EnrichmentVariables {
  /** Keys of 32 bytes for what is kept encrypted: the first seals, all open. None: such data is not kept. */
  readonly dataKeys: readonly Buffer[];
  readonly workApi: { readonly url: string; readonly key: string } | undefined;
  readonly diretrix: { readonly url: string; readonly user: string; readonly pass: string } | undefined;
  /** What Contact2Sale's pushes must carry. Unset: they are refused. */
  readonly webhookSecret: string | undefined;
  /** What Google's pushes must carry. Unset: they are refused. */
  readonly googleKey: string | undefined;
  /** Who gets the leads of Google Ads; undefined: Contact2Sale decides. */
  readonly defaultSellerId: string | undefined;
  /** Of a new lead's description, in UTF-16 units. */
  readonly descriptionMaxLength: number;
  /** Whoever reaches the facade may have leads enriched, as with the service before it. */
  readonly enrichOpen: boolean;
  /** Factor of the income figures in messages; 1 shows them as they came. */
  readonly incomeMultiplier: number;
}

/** 32 bytes in hex or in base64, with or without padding and URL-safe letters. */
const asKey = (written: string): Buffer | undefined => {
  const isHex = /^[0-9a-f]{64}$/i.test(written);
  const isBase64 = /^[\w+/-]{43}=?$/.test(written);
  return isHex || isBase64 ? Buffer.from(written, isHex ? 'hex' : 'base64') : undefined;
};

/** `new,old`: the first one seals, all of them open. Faults name a key by its place only. */
const keyList = z.string().transform((written, context) =>
  written.split(',').map((one, i, all) => {
    const key = asKey(one.trim());
    if (key) return key;
    const remedy = 'must be 32 bytes in base64 or hex (openssl rand -base64 32)';
    context.addIssue({ code: 'custom', message: `key ${i + 1} of ${all.length} ${remedy}` });
    return z.NEVER;
  }),
);

/** The line by which a lead is recognised, and a part of the answers. */
const MIN_DESCRIPTION_LENGTH = 250;
/** As the old service had it. */
const DESCRIPTION_MAX_LENGTH = 5_000;

const schema = z.object({
  DATA_KEY: optional(keyList),
  WORK_API_URL: optional(url),
  WORK_API_KEY: optional(text),
  DIRETRIX_BASE_URL: optional(url),
  DIRETRIX_USER: optional(text),
  DIRETRIX_PASS: optional(text),
  WEBHOOK_SECRET: optional(strongToken),
  GOOGLE_ADS_WEBHOOK_KEY: optional(strongToken),
  C2S_DEFAULT_SELLER_ID: optional(text.max(128, 'must be the id of a seller')),
  C2S_DESCRIPTION_MAX_LENGTH: optional(
    text.refine(
      (given) => /^\d{1,6}$/.test(given) && Number(given) >= MIN_DESCRIPTION_LENGTH,
      `must be a whole number from ${MIN_DESCRIPTION_LENGTH} to 999999`,
    ),
  ),
  ENRICH_OPEN: optional(z.enum(['true', 'false'], { error: 'must be true or false' })),
  INCOME_MULTIPLIER: optional(
    text.refine(
      (given) => /^\d{1,3}(\.\d{1,6})?$/.test(given) && Number(given) > 0,
      'must be a number above 0, such as 1.5',
    ),
  ),
});

export const ENRICHMENT_VARIABLES: ExtensionVariables<EnrichmentVariables, (typeof schema)['shape']> = {
  schema,
  formerNames: FACADE_FORMER_NAMES,
  otherNames: GATEWAY_NAMES,
  requiredWith: {
    // The service before this one knew the address by heart: its key alone must not switch the enrichment off in silence.
    WORK_API_URL: 'WORK_API_KEY',
    WORK_API_KEY: 'WORK_API_URL',
    DIRETRIX_USER: 'DIRETRIX_BASE_URL',
    DIRETRIX_PASS: 'DIRETRIX_BASE_URL',
  },
  secrets: [
    { name: 'WEBHOOK_SECRET', isList: false },
    { name: 'GOOGLE_ADS_WEBHOOK_KEY', isList: false },
    { name: 'DATA_KEY', isList: true },
    { name: 'WORK_API_KEY', isList: false },
    { name: 'DIRETRIX_PASS', isList: false },
  ],
  read: (env) => ({
    dataKeys: env.DATA_KEY ?? [],
    workApi: env.WORK_API_URL && env.WORK_API_KEY ? { url: env.WORK_API_URL, key: env.WORK_API_KEY } : undefined,
    diretrix:
      env.DIRETRIX_BASE_URL && env.DIRETRIX_USER && env.DIRETRIX_PASS
        ? { url: env.DIRETRIX_BASE_URL, user: env.DIRETRIX_USER, pass: env.DIRETRIX_PASS }
        : undefined,
    webhookSecret: env.WEBHOOK_SECRET,
    googleKey: env.GOOGLE_ADS_WEBHOOK_KEY ?? env.WEBHOOK_SECRET,
    defaultSellerId: env.C2S_DEFAULT_SELLER_ID,
    descriptionMaxLength: Number(env.C2S_DESCRIPTION_MAX_LENGTH ?? DESCRIPTION_MAX_LENGTH),
    enrichOpen: env.ENRICH_OPEN === 'true',
    incomeMultiplier: Number(env.INCOME_MULTIPLIER ?? 1),
  }),
};
