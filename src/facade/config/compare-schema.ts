import { z } from 'zod';
import { durationUpTo, positiveDuration, duration, size } from '../../http/units.ts';

/**
 * What an operator may say of the comparison: how shadows are run and judged (`compare:`), what of a document does not
 * count (`compare:` of a route), how a write is read back (`verify:` of a route), and which differences are known
 * (`knownDifferences:`). See docs/parity.md.
 */

const jsonPath = z
  .string()
  .regex(/^\$/, 'write a JSONPath (RFC 9535), such as $.data[*].attributes.updated_at or $..updated_at');

const tolerance = z.strictObject({
  path: jsonPath.describe('The values that are meant.'),
  number: z.number().positive().optional().describe('Numbers may differ by this much.'),
  time: duration(
    'Timestamps (ISO 8601 with a zone) may differ by this much, and be spelled in another way. 0s: the same instant, however it is spelled.',
  ).optional(),
});

const unordered = z.strictObject({
  path: jsonPath.describe('The lists whose order means nothing.'),
  by: z
    .string()
    .min(1)
    .optional()
    .describe('The member that tells items apart, such as id. Left out: items are equal or they are not.'),
});

const headerName = z.string().regex(/^[a-z0-9!#$%&'*+.^_`|~-]+$/, 'write the name of a header in small letters');

const ruleFields = {
  ignore: z
    .array(jsonPath)
    .default([])
    .describe('What does not count, on neither side. Prefer knownDifferences for what somebody will repair.'),
  headers: z.array(headerName).default([]).describe('Response headers that must agree, beside the kind of body.'),
};

const perDay = (description: string) =>
  z
    .int()
    .min(1, 'write 1 or more, or leave it out for no limit; rollout.shadow: 0 copies nothing')
    .optional()
    .describe(description);

const readyFields = {
  parity: z
    .number()
    .min(0)
    .max(0.9999)
    .describe(
      'Parity that a route must be proved to have: the lower end of its interval, which holds however often it is looked at. 0.99 takes at least 471 shadows without a mismatch, 0.999 takes 4,723.',
    ),
  errorRateDelta: z
    .number()
    .min(0)
    .max(1)
    .describe('Failures that the gateway may have beyond those of direct, as a share of the requests.'),
  latencyP95Ratio: z
    .number()
    .positive()
    .describe('How many times the 95th percentile of direct the one of the gateway may be.'),
};

/** A route's own rules, on top of those in the top-level `compare`. */
export const routeCompare = z.strictObject({
  ...ruleFields,
  tolerate: z.array(tolerance).prefault([]).describe('Values that may differ a little.'),
  unordered: z.array(unordered).default([]).describe('Lists whose order means nothing.'),
  perDay: perDay('Of this route: requests that the comparison may make in a day (UTC), within those of all routes.'),
  ready: z.strictObject(readyFields).partial().default({}).describe('Replaces single values of `compare.ready`.'),
});

/** The names under which APIs say how long a list is and where it goes on. RFC 8288 for `link`. */
const PAGINATION_HEADERS = ['x-total-count', 'link', 'total-entries', 'total-pages', 'current-page'];

export const compare = z.strictObject({
  ...ruleFields,
  headers: z
    .array(headerName)
    .default(PAGINATION_HEADERS)
    .describe(
      'Response headers that must agree on every route, beside the kind of body. By default those of pagination: a caller who walks the pages by them would stop at the first. A list of your own replaces them, [] compares none. Of link the paths do not count.',
    ),
  window: durationUpTo(
    '90d',
    'Evidence older than this is not counted. A route with little traffic needs a long one: it must hold all the comparisons that ready and the autopilot ask for.',
  ).prefault('24h'),
  shadows: z
    .int()
    .min(100)
    .max(1_000_000)
    .default(20_000)
    .describe(
      'Of the window the newest that are counted, roughly: what is old is counted by the hour, or more coarsely.',
    ),
  minSamples: z
    .int()
    .min(10)
    .default(200)
    .describe(
      'Comparisons of direct with the gateway below which nothing is said; so many must have had data on both sides, too.',
    ),
  minNoise: z
    .int()
    .min(0)
    .default(20)
    .describe(
      'Comparisons of direct with direct below which nothing is said: what differs by itself is learnt first. 0: no waiting; what was not seen there counts as a mismatch.',
    ),
  perDay: perDay(
    'Requests that the comparison of all routes may make in a day (UTC), whichever way they go: shadows, second looks of direct against direct, read-backs. When they are spent it pauses until the next day; live requests never do. Left out: no limit.',
  ),
  noiseShare: z
    .number()
    .min(0.01)
    .max(0.9)
    .default(0.2)
    .describe('Share of the shadows that compare direct with direct. Until minNoise is reached it is at least half.'),
  ready: z
    .strictObject({
      parity: readyFields.parity.default(0.99),
      errorRateDelta: readyFields.errorRateDelta.default(0.01),
      latencyP95Ratio: readyFields.latencyP95Ratio.default(1.5),
    })
    .prefault({})
    .describe('What a route must show before it is called ready.'),
  maxBody: size('Longest answer that is kept in memory for comparing, and longest that it may unpack to.').prefault(
    '1MiB',
  ),
  deadline: positiveDuration('Longest that a shadow may take.').prefault('10s'),
  maxInflight: z.int().min(1).default(4).describe('Shadows under way at once.'),
  maxQueue: z.int().min(0).default(50).describe('Shadows that may wait; one more is dropped and counted.'),
});

export const verify = z.strictObject({
  read: z.string().describe('The id of the route by which the record is read back, through direct.'),
  sample: z
    .number()
    .min(0)
    .max(100)
    .default(10)
    .describe('Percentage of the writes served by the gateway that are read back.'),
  after: duration('How long to wait before reading: the CRM may take a moment to show a write.').prefault('1s'),
  minSamples: z
    .int()
    .min(1)
    .default(20)
    .describe('Writes that must have been read back, every one as it was asked, before the route counts as proved.'),
  fields: z
    .record(z.string(), jsonPath)
    .describe(
      'By the name on the gateway endpoint: where the value must be found in the answer. Of several places one is enough.',
    ),
});

/** The ways in which two answers differ; facade/compare/comparison.ts says what each means. */
export const DIFFERENCE_KINDS = [
  'status',
  'header',
  'type',
  'value',
  'missing',
  'extra',
  'order',
  'length',
  'hash',
  'failure',
] as const;

export const knownDifference = z.strictObject({
  route: z.string().describe('The id of the route.'),
  path: z
    .string()
    .regex(/^(\/.*|header:.+)?$/, 'write the path as the report does, such as /data/*/attributes/phone')
    .describe('As the report writes it; `*` is any item of a list, and empty is the answer as a whole.'),
  kind: z.enum(DIFFERENCE_KINDS).describe('As the report writes it.'),
  why: z.string().min(1).describe('Why it may stay for now.'),
  owner: z.string().min(1).describe('Who sees to it.'),
  expires: z.iso.date('write a date, such as 2027-01-31').describe('From this day on (UTC) it is a mismatch again.'),
});
