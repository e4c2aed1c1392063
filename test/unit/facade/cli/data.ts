/** What a facade in the middle of a migration would say; invented. */

const minute = (requests: number, failures: number, p95: number | null, more: object = {}) => ({
  requests,
  failures,
  attempts: requests,
  failedAttempts: failures,
  failovers: 0,
  ...more,
  p50: p95 && p95 / 2,
  p95,
  p99: p95 && p95 * 2,
});

const route = (id: string, stage: string, gateway: number, shadow: number, method = 'GET') => ({
  id,
  stage,
  safety: method === 'GET' ? 'safe' : 'unsafe',
  rollout: { gateway, shadow, stickyBy: 'leadId', fallback: stage === 'retired' ? 'none' : 'direct' },
  deadlines: { connect: 3000, firstByte: 20000, idle: 15000, total: 25000 },
  paths: {
    direct: { endpoints: [`${method} /integration/${id}`], breaker: 'closed', lastMinute: minute(0, 0, null) },
    gateway: { endpoints: [`${method} /${id}`], breaker: 'closed', lastMinute: minute(0, 0, null) },
  },
});

const listed = route('leads.list', 'shadow', 0, 25);
const canary = route('leads.get', 'canary', 12.5, 10);
const broken = route('leads.messages.create', 'gateway', 100, 0, 'POST');

const BUDGET = {
  all: { perDay: 500, left: 120, isSpent: false },
  routes: { 'leads.get': { perDay: 100, left: 0, isSpent: true } },
  resetsAt: '2026-11-25T00:00:00.000Z',
  isShared: true,
};

export const TABLE = {
  digest: '0123456789ab',
  killSwitch: false,
  upstreams: { gateway: { health: 'unhealthy', result: 'unexpected_status', status: 503 } },
  shadowBudget: BUDGET,
  routes: [
    {
      ...listed,
      paths: { ...listed.paths, gateway: { ...listed.paths.gateway, fault: 'gateway_lacks_operation' } },
    },
    {
      ...canary,
      lastHourShare: 12.1,
      paths: {
        direct: { ...canary.paths.direct, lastMinute: minute(7350, 0, 41.3) },
        gateway: { ...canary.paths.gateway, lastMinute: minute(1050, 3, 1620) },
      },
    },
    {
      ...broken,
      paths: {
        direct: { ...broken.paths.direct, lastMinute: minute(42, 0, 80) },
        gateway: {
          ...broken.paths.gateway,
          breaker: 'open',
          lastMinute: minute(0, 0, null, { attempts: 30, failedAttempts: 30, failovers: 30 }),
        },
      },
      trouble: { text: 'gateway: 30 of 30 attempts failed, direct answered all', isDown: true },
    },
    {
      ...route('leads.resolveSource', 'retired', 100, 0),
      paths: {
        gateway: {
          endpoints: ['GET /leads/resolve-source'],
          breaker: 'open',
          fault: 'upstream_credentials',
          lastMinute: minute(3, 3, 9),
        },
      },
    },
  ],
};

export const DISCOVERY = {
  unclaimed: [
    { method: 'GET', template: '/integration/leads/:id/history', count: 1204, lastSeen: '2026-11-24T11:59:48Z' },
    { method: 'POST', template: '/integration/properties', count: 2, lastSeen: '2026-11-20T08:00:00Z' },
  ],
};

const counts = (match: number, mismatch: number, ignored: number, error: number) => ({
  match,
  mismatch,
  ignored,
  error,
});
const base = {
  window: { from: '2026-11-23T12:00:00Z', to: '2026-11-24T12:00:00Z' },
  coverage: { unseen: [] as string[] },
};

const DRIFT = {
  findings: [
    {
      level: 'warning',
      text: '/data/attributes/phone: vanished (string), in 1,000 of 1,000 before and in none of 40 since',
      since: '2026-11-24T09:15:00.000Z',
    },
    {
      level: 'info',
      text: '/data/attributes/telephone: appeared (string), in 40 of 40 since and in none of 1,000 before',
      since: '2026-11-24T09:15:00.000Z',
    },
  ],
  answers: 1_040,
  isLearnt: true,
};

const SAMPLE = { version: 1, route: 'leads.get', at: '2026-11-24T11:00:00.000Z', isRedacted: true };

/** A difference of values, of a list, and a gateway that is dead. */
export const SAMPLES = {
  samples: [
    {
      ...SAMPLE,
      differences: ['/data/phone: type string→null'],
      control: { path: 'direct', status: 200, headers: {}, ms: 20, body: '{"data":{"phone":"text-1"}}' },
      candidate: { path: 'gateway', status: 200, headers: {}, ms: 22, body: '{"data":{"phone":null}}' },
    },
    {
      ...SAMPLE,
      at: '2026-11-24T10:59:00.000Z',
      differences: [
        '/data/tags: length 2→1',
        '/data/tags/*/name: value string→string',
        '/data/total: value number→number',
      ],
      control: {
        path: 'direct',
        status: 200,
        headers: { etag: 'text-4' },
        ms: 31,
        body: '{"data":{"id":"text-1","tags":[{"name":"text-2","at":1},{"name":"text-3"}],"total":12345678901234567890.10}}',
      },
      candidate: {
        path: 'gateway',
        status: 200,
        headers: { etag: 'text-4' },
        ms: 1_250,
        body: '{"data":{"id":"text-1","tags":[{"name":"text-9 of which there is more than one line of a terminal can hold","at":2}],"total":12345678901234567890.11}}',
      },
    },
    {
      ...SAMPLE,
      at: '2026-11-24T10:58:00.000Z',
      differences: ['(the answer): failure 200→failed'],
      control: { path: 'direct', status: 200, headers: {}, ms: 20, body: '{"data":{"phone":"text-1"}}' },
      candidate: { path: 'gateway', status: 0, headers: {}, failure: 'upstream_connect', ms: 2, body: '' },
    },
  ],
};

export const PARITY = {
  shadowBudget: BUDGET,
  routes: [
    {
      ...base,
      route: 'leads.list',
      counts: counts(4980, 0, 20, 3),
      parity: { value: 1, low: 0.9992 },
      groups: [],
      verdict: { kind: 'ready', reasons: [] },
    },
    {
      ...base,
      route: 'leads.get',
      counts: counts(963, 37, 0, 1),
      parity: { value: 0.963, low: 0.9493 },
      failures: { difference: { value: 0.002, low: -0.001, high: 0.0062 }, p: 0.25 },
      latency: {
        ratio: {
          p50: { value: 1.021, low: 0.974, high: 1.07 },
          p95: { value: 1.18, low: 1.02, high: 1.41 },
          p99: { value: 1.3, low: null, high: null },
        },
      },
      groups: [
        {
          text: '/data/attributes/customer/phone: type string→null',
          standing: 'fault',
          cross: { count: 37 },
          directChanged: true,
        },
      ],
      drift: DRIFT,
      coverage: { unseen: ['query page', 'query perpage', 'shape /data/attributes/email null', 'status 404'] },
      verdict: { kind: 'not ready', reasons: [{ text: '37 of 1,000 answers differ' }] },
    },
    {
      ...base,
      window: {},
      route: 'tags.list',
      counts: counts(0, 0, 0, 0),
      parity: { value: null, low: null },
      groups: [],
      verdict: { kind: 'not enough data', reasons: [{ text: '0 of 200 comparisons' }] },
    },
    {
      ...base,
      route: 'leads.messages.create',
      counts: counts(0, 0, 0, 0),
      parity: { value: null, low: null },
      readBacks: { arrived: 38, notArrived: 2, cannotTell: 1 },
      groups: [],
      verdict: {
        kind: 'not ready',
        reasons: [{ text: '2 of 40 writes did not arrive as they were asked: message (2)' }],
      },
    },
  ],
};

const gate = (state: string, why: string) => ({ state, why });
const report = {
  route: 'leads.get',
  mode: 'propose',
  phase: 'proposing',
  gateway: 1,
  steps: [1, 5, 25, 50, 100],
  since: '2026-11-24T11:00:00.000Z',
  decision: 'hold',
  why: '5 % is proposed',
  evidence: {
    gates: {
      parity: gate('green', '0 of 5000 shadows differ, parity is at least 99.92 %, 99.90 % asked for'),
      readBack: gate('green', 'nothing is read back'),
      breaker: gate('green', 'closed'),
    },
  },
  proposal: {
    gateway: 5,
    diff: '--- rollouts\n+++ rollouts\n@@ -1 +1 @@\n-leads.get: { gateway: 1 }\n+leads.get: { gateway: 5 }\n',
    command: "c2s-facade flip leads.get --gateway 5 --why 'proposed by the autopilot'",
  },
  at: '2026-11-24T11:30:00.000Z',
};
const fallen = { ...report, route: 'tags.list', mode: 'apply', phase: 'cooling', gateway: 0, why: 'cooling down' };
export const AUTOPILOT = { routes: [report, { ...fallen, proposal: undefined }] };
export const AUTOPILOT_ONE = {
  ...report,
  decisions: [
    {
      at: '2026-11-24T11:30:00.000Z',
      decision: 'propose',
      from: 1,
      to: 1,
      why: 'all gates were green for 1800 s at 1 %',
    },
    { at: '2026-11-24T10:00:00.000Z', decision: 'roll_back', from: 5, to: 1, why: 'breaker: open' },
  ],
};

const rollout = (gateway: number, shadow = 0) => ({ gateway, shadow, stickyBy: 'leadId', fallback: 'direct' });

const NOTHING_SAID = { because: [], warnings: [], gatewayLacksOperation: false, needsForce: [] };

/** What a dry run and a flip answer. */
export const FLIPPED = {
  revision: 4,
  changes: [{ route: 'leads.get' }, { route: 'leads.list' }],
  guard: [
    {
      ...NOTHING_SAID,
      route: 'leads.get',
      verdict: 'not ready',
      because: ['57 of 82 answers differ (parity 30.49 %, wanted 99 %, most often in /data/attributes/phone missing)'],
      warnings: [
        {
          kind: 'shadow-without-budget',
          message: 'shadows of leads.get spend the rate limit of the direct upstream, and nothing holds them back',
          remedy: 'write upstreams.direct.rateBudget with what it grants',
        },
      ],
      needsForce: ['gateway 0 → 25 against the verdict'],
    },
    ...['leads.list', 'sellers.list', 'tags.get', 'tags.list'].map((route) => ({
      ...NOTHING_SAID,
      route,
      verdict: 'never compared',
      because: ['0 of 200 comparisons'],
      needsForce: ['gateway 0 → 25 without evidence'],
    })),
    {
      ...NOTHING_SAID,
      route: 'sellers.get',
      verdict: 'ready',
      gatewayTrouble: { text: "the gateway's breaker is open", isDown: true },
      needsForce: ["gateway 5 → 25 while the gateway's breaker is open"],
    },
    { ...NOTHING_SAID, route: 'leads.create', verdict: 'cannot be measured', gatewayLacksOperation: true },
    { ...NOTHING_SAID, route: 'me.get', verdict: 'one endpoint' },
  ],
};

export const HISTORY = {
  revision: 4,
  flips: [
    {
      revision: 4,
      at: '2026-11-24T12:00:00Z',
      kind: 'flip',
      source: 'cli',
      who: 'ana',
      why: 'the phone is mended on Monday',
      route: 'leads.get',
      from: rollout(12.5),
      to: rollout(25),
      forced: true,
      against: 'gateway 12.5 → 25 against the verdict (parity: not ready, 57 of 82 answers differ)',
    },
    {
      revision: 3,
      at: '2026-11-24T11:00:00.123Z',
      kind: 'kill-switch',
      source: 'cli',
      who: 'ana',
      why: 'CRM slow',
      from: false,
      to: true,
    },
    {
      revision: 2,
      at: '2026-11-24T10:00:00Z',
      kind: 'flip',
      source: 'autopilot',
      who: 'autopilot',
      why: 'held 30m',
      route: 'leads.get',
      from: rollout(5),
      to: rollout(12.5, 10),
    },
    {
      revision: 1,
      at: '2026-11-23T10:00:00Z',
      kind: 'flip',
      source: 'file',
      who: 'file',
      route: 'leads.list',
      from: rollout(0),
      to: rollout(0, 25),
    },
    {
      revision: 1,
      at: '2026-11-23T10:00:00Z',
      kind: 'flip',
      source: 'file',
      who: 'file',
      route: 'tags.list',
      from: rollout(0),
      to: rollout(5),
      against: 'gateway 0 → 5 without evidence (parity: never compared, 0 of 200 comparisons)',
    },
  ],
  kept: 'in the database',
};

const served = (direct: number, gateway: number) => ({
  direct,
  gateway,
  share: direct + gateway === 0 ? null : gateway / (direct + gateway),
});
const migrating = {
  lastMinute: served(0, 0),
  lastDirectUse: null,
  lastDirectOnlyUse: null,
  safeToDeleteSince: null,
  missing: [] as string[],
};

export const MIGRATION = {
  at: '2026-11-24T12:00:00Z',
  observedSince: '2026-11-01T00:00:00Z',
  killSwitch: false,
  stages: { direct: 0, shadow: 1, canary: 1, gateway: 0, retired: 1 },
  lastDay: served(700, 300),
  oldPaths: { safeToDelete: 1, of: 4 },
  days: [
    { day: '2026-11-22', ...served(1000, 0) },
    { day: '2026-11-23', ...served(900, 100) },
    { day: '2026-11-24', ...served(700, 300) },
  ],
  routes: [
    {
      ...migrating,
      id: 'leads.list',
      stage: 'shadow',
      days: 2.1,
      gateway: 0,
      lastDay: served(600, 0),
      verdict: 'ready',
    },
    {
      ...migrating,
      id: 'leads.get',
      stage: 'canary',
      days: 0.1,
      gateway: 12.5,
      lastDay: served(100, 20),
      verdict: 'not ready',
      lastDirectUse: '2026-11-24T11:59:00Z',
      lastDirectOnlyUse: '2026-11-24T09:00:00Z',
      missing: ['the gateway has 12.5 %'],
    },
    {
      ...migrating,
      id: 'sellers.list',
      stage: 'gateway',
      days: 0,
      gateway: 100,
      lastDay: served(14, 60),
      lastDirectUse: '2026-11-24T10:00:00Z',
      missing: ['unused for 2 h of 7 days', '14 failovers in it'],
    },
    {
      ...migrating,
      id: 'tags.list',
      stage: 'retired',
      days: 12,
      gateway: 100,
      lastDay: served(0, 280),
      safeToDeleteSince: '2026-11-12T00:00:00Z',
    },
  ],
};

const UNKNOWN_WRITE = {
  id: '2f1d8a52-5d58-4a6e-9f6c-0b1f6a1b8c01',
  at: '2026-11-24T11:58:00.000Z',
  route: 'leads.messages.create',
  method: 'POST',
  template: '/leads/:leadId/messages',
  params: ['8e03978e40d543e8'],
  path: 'gateway',
  caller: 'abcdefabcdef',
  requestId: 'b1f6a1b8-0000-4000-8000-000000000001',
  outcome: 'upstream_respond',
  state: 'open',
  why: null,
  settlement: null,
};
export const UNKNOWN_WRITES = {
  kept: 'in the database',
  counts: { open: 1, arrived: 0, not_arrived: 0, cannot_tell: 1, settled: 1 },
  unknownWrites: [
    UNKNOWN_WRITE,
    {
      ...UNKNOWN_WRITE,
      id: '2f1d8a52-5d58-4a6e-9f6c-0b1f6a1b8c02',
      at: '2026-11-24T11:00:00.000Z',
      route: 'passthrough',
      template: '/integration/:id/thing',
      params: [],
      path: 'passthrough',
      caller: null,
      outcome: null,
      state: 'cannot_tell',
      why: 'unknown_caller',
    },
  ],
  next: '2f1d8a52-5d58-4a6e-9f6c-0b1f6a1b8c02',
};
