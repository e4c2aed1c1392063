import { z } from 'zod';
import { compare, knownDifference, routeCompare, verify } from './compare-schema.ts';
import { notify } from './notify-schema.ts';
import { hasTwoDecimals } from './percentage.ts';
import { duration, durationUpTo, positiveDuration, size } from '../../http/units.ts';

/**
 * What an operator may write in config/facade.yaml. One source for validation, for the types and, as
 * config/facade.schema.json, for the completion of editors. Every option says its effect and when to change it.
 * Unknown keys are errors: a misspelt `fallbak` that is silently ignored would be found during an outage.
 *
 * Own error texts name the remedy and begin with "write"; the rest of the report is made in explain.ts.
 */

const share = (description: string) =>
  z
    .number()
    .min(0)
    .max(100)
    .refine(hasTwoDecimals, 'write at most two decimals: the split has 10,000 buckets')
    .describe(description);

const deadlineFields = {
  connect: positiveDuration(
    'Longest wait for a new connection to the upstream, TLS included. Nothing was sent when it passes.',
  ),
  firstByte: positiveDuration(
    'Longest wait for the answer to begin, counted from the last byte of the request that was sent.',
  ),
  idle: positiveDuration(
    'Longest silence in the middle of a body, in either direction. The only limit of an event stream.',
  ),
  total: positiveDuration(
    'Everything together, over all attempts. Known callers give up at 30 s, so keep it below. Event streams are exempt once they have begun.',
  ),
};

const breakerFields = {
  enabled: z.boolean().describe('Off: every attempt is tried. Only for upstreams that something else protects.'),
  window: durationUpTo('10m', 'Length of the rolling window that is judged; opossum remembers every attempt in it.'),
  volumeThreshold: z
    .int()
    .min(1)
    .describe('Attempts in the window below which nothing is judged: quiet routes need it.'),
  errorRate: z
    .number()
    .min(0.01)
    .max(1)
    .describe('Share of failed attempts in the window that opens the breaker. Only faults of the upstream count.'),
  slowCall: positiveDuration('An answer that takes this long to begin counts as slow, even when it succeeds.'),
  slowRate: z.number().min(0.01).max(1).describe('Share of slow attempts in the window that opens the breaker.'),
  reset: positiveDuration(
    'How long it stays open before one probe is let through. With `health` of its upstream it also waits until the checks succeed.',
  ),
  rampStep: duration(
    'After the first success 1, 5, 25 and then 100 % of the attempts are let through, and one failure opens it again. A step ends after 10 successes, or after this time where traffic is low. 0s: the first success closes it.',
  ),
};

/** A route's own settings: what is left out is taken from `defaults`. */
const deadlines = z.strictObject(deadlineFields).partial();
const breaker = z.strictObject(breakerFields).partial();

const defaultDeadlines = z.strictObject({
  connect: deadlineFields.connect.prefault('3s'),
  firstByte: deadlineFields.firstByte.prefault('20s'),
  idle: deadlineFields.idle.prefault('15s'),
  total: deadlineFields.total.prefault('25s'),
});

const defaultBreaker = z.strictObject({
  enabled: breakerFields.enabled.default(true),
  window: breakerFields.window.prefault('10s'),
  volumeThreshold: breakerFields.volumeThreshold.default(10),
  errorRate: breakerFields.errorRate.default(0.5),
  slowCall: breakerFields.slowCall.prefault('10s'),
  slowRate: breakerFields.slowRate.default(0.8),
  reset: breakerFields.reset.prefault('5s'),
  rampStep: breakerFields.rampStep.prefault('5s'),
});

const autopilotGates = {
  parity: z
    .union([z.number().min(0.5).max(1), z.literal('none')])
    .describe(
      'Parity that the shadows must prove, by its lower confidence bound. A write cannot be shadowed: it writes none, and then a human takes the first step.',
    ),
  errorRateDelta: z
    .number()
    .min(0)
    .max(1)
    .describe('How much larger the share of failed attempts may be on the gateway path than on direct.'),
  latencyP95Ratio: z
    .number()
    .min(1)
    .describe('How many times the 95th percentile of direct the one of the gateway may be.'),
  latencyFloor: positiveDuration(
    'A 95th percentile of direct below this counts as this: what nobody notices takes nothing back.',
  ),
};

const autopilotFields = {
  mode: z
    .enum(['propose', 'apply'])
    .describe(
      'propose: serves the change of this file that it wants, with the evidence, for a human or CI to make. apply: raises by itself. Both roll back by themselves.',
    ),
  steps: z
    .array(
      share('Percentage of the sticky values that the gateway serves at this step.').refine(
        (n) => n > 0,
        'write more than 0: below the first step is 0 already',
      ),
    )
    .min(1)
    .describe('Rising percentages, from the first to the last that it may reach.'),
  hold: positiveDuration('How long all gates are watched at a step before the next one.'),
  minRequests: z
    .int()
    .min(1)
    .describe(
      'Attempts on the gateway path below which nothing is proved; it then holds on. Of shadows for the first step.',
    ),
  coolDown: positiveDuration(
    'How long nothing is raised after a step was rolled back; twice as long each time that it happens again, at most a day.',
  ),
};

/** A route's own settings; a route that has none is not on autopilot. */
const autopilot = z
  .strictObject({
    ...autopilotFields,
    gates: z.strictObject(autopilotGates).partial().describe('Replaces single gates of `defaults.autopilot.gates`.'),
  })
  .partial();

const defaultAutopilot = z.strictObject({
  mode: autopilotFields.mode.default('propose'),
  steps: autopilotFields.steps.default([1, 5, 25, 50, 100]),
  hold: autopilotFields.hold.prefault('30m'),
  minRequests: autopilotFields.minRequests.default(200),
  coolDown: autopilotFields.coolDown.prefault('1h'),
  gates: z
    .strictObject({
      parity: autopilotGates.parity.default(0.999),
      errorRateDelta: autopilotGates.errorRateDelta.default(0.005),
      latencyP95Ratio: autopilotGates.latencyP95Ratio.default(1.3),
      latencyFloor: autopilotGates.latencyFloor.prefault('50ms'),
    })
    .prefault({})
    .describe('What must hold before a step is raised, and what takes it back when it breaks.'),
});

const rateBudget = z.strictObject({
  requests: z.int().min(1).describe('Requests that the upstream grants in each period.'),
  period: positiveDuration('Length of the period.'),
  burst: z
    .int()
    .min(0)
    .default(0)
    .describe('Requests beyond that, which may be spent at once and refill with the period.'),
  longestWait: duration('A request that would have to wait longer is answered 503 with Retry-After instead.').prefault(
    '2s',
  ),
});

const statuses = z
  .string()
  .regex(/^[1-5]\d\d(-[1-5]\d\d)?$/, 'write a status as 204 or a range as 200-399')
  .or(z.int().min(200).max(599));

const health = z.strictObject({
  path: z
    .string()
    .regex(/^\/[!-~]*$/, 'write a path as /health')
    .describe(
      'Asked with GET below `url`, without credentials: a page that reads no data and needs no token. Never one of a lead.',
    ),
  interval: positiveDuration(
    'From the end of a check to the next one, give or take a tenth. Of several workers one checks; each instance checks for itself.',
  ).prefault('5s'),
  timeout: positiveDuration('A check whose answer has not ended by then fails.').prefault('2s'),
  unhealthyAfter: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('Failed checks in a row that make the upstream unhealthy: attempts on the gateway then go to direct.'),
  healthyAfter: z
    .int()
    .min(1)
    .max(100)
    .default(2)
    .describe('Successful checks in a row that make it healthy again, and that an open breaker waits for.'),
  expectedStatuses: z
    .union([statuses, z.array(statuses).min(1)])
    .default('200-399')
    .describe('Statuses of a success: 200, 200-399, or a list of such. Redirects are not followed.'),
});

const upstream = z.strictObject({
  url: z
    .string()
    .describe(
      'Base URL. ${NAME} is taken from the environment. For the gateway an empty value means: every route is direct, whatever the table says.',
    ),
  maxInflight: z
    .int()
    .min(1)
    .default(256)
    .describe('Bulkhead: requests under way at once; one more is refused at once, never queued.'),
  keepAlive: positiveDuration(
    'How long an idle connection is kept. Stay below the upstream: uvicorn closes at 5 s, so 4 s.',
  ).prefault('4s'),
  maxConnectionAge: positiveDuration(
    'A connection that is older serves no further request, and the next one looks the name up again. What is under way ends first. It decides how soon an upstream whose name moved is followed under steady traffic.',
  ).prefault('60s'),
  rateBudget: rateBudget.optional().describe('Leave out for an upstream without a rate limit.'),
  health: health
    .optional()
    .describe(
      'Active health checks. Left out: none, and live requests probe an open breaker. A check spends from `rateBudget`, and is left out while live traffic has spent half of it.',
    ),
});

const rolloutFields = {
  gateway: share('Percentage of the sticky values that the gateway serves. 0: direct; 100: gateway.'),
  shadow: share('Percentage of safe requests that are copied to the other path after the caller was answered.').default(
    0,
  ),
  stickyBy: z
    .string()
    .optional()
    .describe(
      'A path parameter of the route, or `caller`. The same value stays on one side while the percentage grows. Default: the first path parameter, else caller.',
    ),
  fallback: z
    .enum(['direct', 'none'])
    .default('direct')
    .describe(
      'What happens when the gateway cannot serve: `direct` asks the direct path, within what write safety allows; `none` answers the failure.',
    ),
};

/** `POST /integration/leads/:leadId/create_message`: method, space, path template. */
const endpoint = z
  .string()
  .regex(
    /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/(?:[^\s?#]*[^\s?#/])?$/,
    'write METHOD /path/with/:parameters, without a query and without a slash at the end',
  );

const endpoints = z.union([endpoint, z.array(endpoint).min(1)]);

const fieldType = z.enum(['string', 'number', 'integer', 'boolean', 'object', 'array']);

const bodyField = z.strictObject({
  direct: z
    .union([z.string(), z.array(z.string()).min(1)])
    .optional()
    .describe(
      "The field's name on the direct endpoint when it differs; of several all are read and the first is written.",
    ),
  type: fieldType.describe(
    'The JSON type that the gateway hands on unchanged (of each item, for a list). Any other value takes the direct path instead of being altered.',
  ),
  min: z.number().optional().describe('Smallest number that the gateway does not refuse.'),
  above: z.number().optional().describe('The gateway refuses this number and smaller ones.'),
  required: z.boolean().default(false).describe('The gateway refuses a body without it.'),
  list: z
    .boolean()
    .default(false)
    .describe(
      "One value on the direct endpoint, a list of exactly that one value on the gateway endpoint. Under the gateway's own name the direct endpoint reads a list as well.",
    ),
  values: z
    .array(z.string())
    .optional()
    .describe(
      'The closed vocabulary of the direct endpoint, where it has one; a list of other values stays in the form of the gateway.',
    ),
});

const bodyRule = z.strictObject({
  fields: z
    .record(z.string(), bodyField)
    .describe(
      'By the name on the gateway endpoint. The gateway drops every other field without a word, so a body of either dialect that has one takes the direct path, or is refused with `fallback: none`.',
    ),
  echoes: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      'Fields of the direct body that only repeat a path parameter (field: parameter). They must agree with it, then they may be left out.',
    ),
  jsonApi: z
    .strictObject({
      type: z.string().describe('The resource type, `data.type`.'),
      names: z
        .record(z.string(), z.string())
        .default({})
        .describe('Names inside `data.attributes` that differ (gateway name: attribute name).'),
    })
    .optional()
    .describe('The direct endpoint also takes the JSON:API form {data: {type, attributes}}, and is sent it.'),
});

const queryParameter = z.strictObject({
  type: z
    .enum(['string', 'integer', 'boolean'])
    .default('string')
    .describe(
      'Values of another type or in a fancy spelling (01, +1, yes) take the direct path: the gateway would guess or refuse.',
    ),
  min: z.int().optional().describe('Smallest integer that the gateway does not refuse.'),
  max: z.int().optional().describe('Largest integer that the gateway does not refuse.'),
  default: z
    .string()
    .regex(/^[\w.~-]+$/, 'write it as it stands in a URL')
    .optional()
    .describe(
      'What the gateway adds when it is left out. Added too when direct serves a request in the gateway dialect.',
    ),
  values: z
    .array(z.string())
    .optional()
    .describe('The closed vocabulary, where there is one: the parity report says which of them were compared.'),
});

/** By the id of a caller (checks/rollout.ts). */
const namedCallers = z.record(z.string(), z.enum(['direct', 'gateway']));

const route = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)*$/, 'write words joined by dots, such as leads.messages.create')
    .refine((id) => id !== 'passthrough', 'write another name: passthrough is what no route claims')
    .describe('Name of the operation; the label of its metrics.'),
  direct: endpoints
    .optional()
    .describe(
      "The direct path's endpoint: METHOD /path/:parameter. Of a list the first is sent, the others are understood.",
    ),
  gateway: endpoints
    .optional()
    .describe(
      "The gateway's endpoint: METHOD /path/:parameter. Of a list the first is sent, the others are understood.",
    ),
  rollout: z.strictObject(rolloutFields).describe('Which side serves. The only part that a flip changes.'),
  safety: z
    .enum(['safe', 'idempotent', 'unsafe'])
    .optional()
    .describe(
      'safe: reads. idempotent: may be sent again. unsafe: never sent twice. Default: GET and HEAD safe, all else unsafe.',
    ),
  success: z
    .strictObject({
      direct: z.int().min(200).max(299).optional().describe('For callers that asked in the direct dialect.'),
      gateway: z.int().min(200).max(299).optional().describe('For callers that asked in the gateway dialect.'),
    })
    .optional()
    .describe('The success status that each dialect owes its callers when the other path served.'),
  query: z
    .record(z.string(), queryParameter)
    .optional()
    .describe('Query parameters that the gateway knows; it drops all others without a word. Left out: none.'),
  body: bodyRule.optional().describe('How the body is translated. Left out: the route has no body.'),
  compare: routeCompare.optional().describe('What of the answers counts when the two paths are compared.'),
  verify: verify.optional().describe('Reads a write back that the gateway served: writes cannot be shadowed.'),
  maxBody: size('Replaces `defaults.maxBody` for this route.').optional(),
  callers: namedCallers
    .optional()
    .describe('Callers of this route that always take one path. Added to `defaults.callers`, and comes before them.'),
  pinAfterWrite: duration('Replaces `defaults.pinAfterWrite` for this route, which reads.').optional(),
  deadlines: deadlines.optional().describe('Replaces single values of `defaults.deadlines` for this route.'),
  breaker: breaker.optional().describe('Replaces single values of `defaults.breaker` for this route.'),
  autopilot: autopilot
    .optional()
    .describe(
      'Puts the route on autopilot: {} with the values of `defaults.autopilot`, or with some of its own. Left out: only humans flip it.',
    ),
});

const defaults = z.strictObject({
  deadlines: defaultDeadlines.prefault({}).describe('Time limits of every route that does not write its own.'),
  breaker: defaultBreaker
    .prefault({})
    .describe('When a path of a route is given a rest. Each route has a breaker of its own for each path.'),
  autopilot: defaultAutopilot
    .prefault({})
    .describe('How routes with an `autopilot` of their own are moved. Puts no route on autopilot by itself.'),
  maxBody: size(
    'Largest body that is held in memory for translation; a larger one is answered 413. Streamed bodies have no limit.',
  ).prefault('1MiB'),
  callers: namedCallers
    .prefault({})
    .describe(
      'Known callers that always take one path, whatever the percentage says: a pilot customer on gateway, a caller that must not move on direct. By the id that the log and `explain` show: "3f2a9c81d0b7": gateway. The kill switch comes first.',
    ),
  pinAfterWrite: duration(
    'For so long after a write, reads of the same sticky value take the path that served the write, so that a caller finds what it wrote where the other path answers from a cache or a replica. 10s suits most. Each process remembers its own writes, up to 100,000 values. 0s: off.',
  ).prefault('0s'),
});

const passthrough = z.strictObject({
  deadlines: deadlines.optional().describe('Replaces single values of `defaults.deadlines`.'),
  breaker: breaker
    .optional()
    .describe(
      'Replaces single values of `defaults.breaker`. One breaker serves all requests that no route claims: give a path that fails often a route of its own.',
    ),
  tunnelIdle: positiveDuration(
    'A WebSocket on which neither side has sent a byte for so long is closed, so that its place is free again. Pings count: stay above the interval of the slowest.',
  ).prefault('5m'),
});

const failover = z.strictObject({
  budget: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe(
      'Share of the traffic that may be asked a second time after the gateway had received it. Keeps a dying gateway from doubling the load of the CRM.',
    ),
  minPerSecond: z
    .number()
    .min(0)
    .default(5)
    .describe('Failovers that are always allowed, so that quiet traffic is not starved.'),
});

const overload = z.strictObject({
  maxConnections: z
    .int()
    .min(1)
    .default(16_384)
    .describe(
      'Open connections of callers, idle ones included. One more is answered 503 and closed; an eighth more, and it is not accepted. Each takes a file descriptor and some 10 kB.',
    ),
  maxInflight: z
    .int()
    .min(1)
    .default(2_048)
    .describe(
      'Requests under way at once, whatever they wait for. Keep it above the `maxInflight` of both upstreams together: it is for the process, theirs are for the upstreams.',
    ),
  maxLag: positiveDuration(
    'How late the event loop may come, time after time, before a growing share of the requests is refused. A request pays it three or four times.',
  ).prefault('200ms'),
});

const server = z.strictObject({
  forceHeader: z
    .boolean()
    .default(false)
    .describe(
      'Known callers may send x-facade-force: direct|gateway to choose the path of one request; with FORCE_HEADER_SECRET only what "c2s-facade force-header" has signed.',
    ),
  trustedProxies: z
    .array(z.string())
    .default([])
    .describe(
      'Addresses or CIDR ranges whose x-forwarded-* headers are believed and extended. From all others they are replaced.',
    ),
  killSwitchFile: z.string().optional().describe('While a file of this name exists, every route is direct.'),
  consoleUrl: z
    .string()
    .optional()
    .describe('Where operators reach the console, as https://host/console/: for the links in what `notify` posts.'),
  knownCallerShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe(
      'Share of every limit that callers without one of our tokens cannot use: bulkheads, rate budgets, requests under way, failovers, rows of unclaimed paths, enrichments. Known callers may use all that is not used. 0: no difference is made; 1: callers without a token are refused.',
    ),
  maxHeaderSize: size('Largest request head; more is answered 431.').prefault('32KiB'),
  keepAlive: positiveDuration(
    'How long an idle caller connection is kept. Stay above the load balancer in front.',
  ).prefault('65s'),
  drainDelay: duration(
    'How long everything is still served after SIGTERM while health checks already say 503 and answers close their connections, so that load balancers turn away before the port closes. Above interval plus timeout of their health check. Default: DRAIN_DELAY of the environment, else 0s. Costs as much at every stop.',
  ).optional(),
  drain: duration('Longest wait for requests under way after SIGTERM and `drainDelay`.').prefault('25s'),
  unknownWrites: z
    .strictObject({
      notArrivedAfter: positiveDuration(
        'How long after the end of a write of unknown fate the facade may say that it did not arrive: above the longest time that it can still be under way behind an upstream that does not stop when its caller leaves. Until then it looks again and again.',
      ).prefault('2m'),
    })
    .prefault({})
    .describe('Writes of which nobody knows whether they were carried out (`GET /api/unknown-writes`).'),
  overload: overload
    .prefault({})
    .describe('What is more than this is answered 503 with Retry-After, before anything is done with it.'),
});

const log = z.strictObject({
  successSample: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Share of the successful requests that get a log line. Failures always do.'),
});

const migration = z.strictObject({
  quietFor: durationUpTo(
    '60d',
    'How long a route must be at 100 without any use of direct before its old path is called safe to delete: failovers, requests that the gateway cannot carry, forced ones and those of unknown callers are uses. On half of the days in it the gateway must have had requests.',
  ).prefault('7d'),
  minRequests: z
    .int()
    .min(1)
    .default(100)
    .describe('Requests that the gateway must have served in `quietFor`: a route that nobody calls shows nothing.'),
});

/** What stands above the routes. */
export const settingsShape = {
  server: server.prefault({}).describe('The listener that callers speak to.'),
  log: log.prefault({}).describe('The request log.'),
  upstreams: z
    .strictObject({
      direct: upstream.describe('The legacy API.'),
      gateway: upstream.describe('Its replacement.'),
    })
    .describe('The two sides that requests are sent to.'),
  failover: failover.prefault({}).describe('How often a request may be asked again on the direct path.'),
  defaults: defaults.prefault({}).describe('Settings of every route that does not write its own.'),
  passthrough: passthrough
    .prefault({})
    .describe('Requests that no route claims: they go direct as they came, under the limits of a route.'),
  compare: compare.prefault({}).describe('How shadows are run and judged.'),
  migration: migration.prefault({}).describe('When the burn-down says that an old path can be deleted.'),
  notify: notify.describe('Who is told of flips, proposals, roll backs, the kill switch, breakers and parity.'),
};

export const rowsShape = {
  knownDifferences: z
    .array(knownDifference)
    .default([])
    .describe(
      'Differences between the two paths that somebody knows of and answers for: they do not count until they expire.',
    ),
  routes: z.array(route).min(1).describe('The rollout table: one route for each operation.'),
};

/** The engine's alone; {@link TableSchema} adds the section of an extension. */
export const facadeConfigSchema = z.strictObject({ ...settingsShape, ...rowsShape });

/** What the operator wrote, defaults filled in, durations in milliseconds and sizes in bytes; never changed afterwards. */
export type FacadeConfig = Readonly<z.output<typeof facadeConfigSchema>> & {
  /** The section of an extension, as its schema gives it; an extension knows the type. */
  readonly extension?: unknown;
};
export type RouteConfig = FacadeConfig['routes'][number];
export type UpstreamConfig = z.output<typeof upstream>;
export type HealthConfig = z.output<typeof health>;
export type RateBudgetConfig = z.output<typeof rateBudget>;
export type BodyRule = z.output<typeof bodyRule>;
export type BodyField = z.output<typeof bodyField>;
export type QueryRule = Readonly<Record<string, z.output<typeof queryParameter>>>;
export type RouteCompareConfig = z.output<typeof routeCompare>;
export type VerifyConfig = z.output<typeof verify>;
export type KnownDifferenceConfig = z.output<typeof knownDifference>;
