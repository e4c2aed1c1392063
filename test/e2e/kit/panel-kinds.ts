/**
 * What kind of value each panel shows. The unit, the scale and the thresholds of a panel must fit its kind (a unit test), and
 * its numbers those that were sent (panels.test.ts). A panel that is missing here fails both by its name.
 */

export const KINDS = {
  /** 0 to 1. */
  share: ['percentunit'],
  /** Of two shares, -1 to 1. */
  difference: ['percentunit'],
  seconds: ['s'],
  bytes: ['bytes'],
  perSecond: ['reqps', 'ops', 'cps'],
  /** How many there are. */
  count: ['short'],
  /** A number that stands for a word: every one has a name. */
  state: ['short'],
  /** Of two durations: 1 is as long. */
  multiple: ['x'],
  cores: ['short'],
  /** A table: each column has a kind of its own. */
  table: ['short'],
} as const;
export type Kind = keyof typeof KINDS;

/** `high`: a high value is good, and green. */
type Better = 'high' | 'low' | 'neither';

export interface PanelKind {
  readonly kind: Kind;
  readonly better: Better;
}

const is = (kind: Kind, better: Better = 'neither'): PanelKind => ({ kind, better });

export const PANELS: Readonly<Record<string, PanelKind>> = {
  'enrichment.json / Enrichments': is('count'),
  'enrichment.json / Jobs given up': is('count', 'low'),
  'enrichment.json / Slowest step (p95)': is('seconds'),
  'enrichment.json / Messages not delivered': is('share', 'low'),
  'enrichment.json / Enrichments by result': is('perSecond'),
  'enrichment.json / Jobs by state': is('count'),
  'enrichment.json / Requests to its endpoints': is('perSecond'),
  'enrichment.json / Step duration (p95)': is('seconds'),
  'enrichment.json / Step duration (p50)': is('seconds'),
  'enrichment.json / Steps by result': is('perSecond'),
  'enrichment.json / Its traffic on the table': is('perSecond'),
  'migration-overview.json / Traffic on the gateway': is('share'),
  'migration-overview.json / Migrated': is('share'),
  'migration-overview.json / Callers failed': is('share', 'low'),
  'migration-overview.json / p95 for callers': is('seconds'),
  'migration-overview.json / Breakers not closed': is('count', 'low'),
  'migration-overview.json / Kill switch / stat': is('state', 'low'),
  'migration-overview.json / Newest table': is('state', 'high'),
  'migration-overview.json / Alerts firing': is('count', 'low'),
  'migration-overview.json / Routes by stage': is('count'),
  'migration-overview.json / Share of the traffic on the gateway': is('share'),
  'migration-overview.json / Planned share, by route': is('share'),
  'migration-overview.json / Routes': is('table'),
  'migration-overview.json / Requests answered': is('perSecond'),
  'migration-overview.json / Failed attempts': is('share', 'low'),
  'migration-overview.json / What callers saw fail': is('share', 'low'),
  'migration-overview.json / Latency p50': is('seconds'),
  'migration-overview.json / Latency p95': is('seconds'),
  'migration-overview.json / Latency p99': is('seconds'),
  'migration-overview.json / Latency ratio (p95)': is('multiple', 'low'),
  'migration-overview.json / Error difference': is('difference', 'low'),
  'migration-overview.json / Parity': is('share', 'high'),
  'migration-overview.json / Shadows': is('perSecond'),
  'migration-overview.json / Autopilot decisions': is('perSecond'),
  'migration-overview.json / Writes read back': is('perSecond'),
  'migration-overview.json / Breakers': is('state', 'low'),
  'migration-overview.json / Health checks': is('state', 'high'),
  'migration-overview.json / Failovers': is('perSecond'),
  'migration-overview.json / Failover share, by route': is('share', 'low'),
  'migration-overview.json / Unknown writes': is('count'),
  'migration-overview.json / Held back by the facade': is('perSecond'),
  'migration-overview.json / Config loads': is('count'),
  'migration-overview.json / Kill switch / timeseries': is('count', 'low'),
  'migration-overview.json / Passthrough': is('share'),
  'process.json / Instances up': is('share', 'high'),
  'process.json / Youngest process': is('seconds', 'high'),
  'process.json / Event loop lag (p99)': is('seconds', 'low'),
  'process.json / Tables in service': is('count', 'low'),
  'process.json / Event loop lag': is('seconds', 'low'),
  'process.json / CPU': is('cores', 'low'),
  'process.json / Memory': is('bytes'),
  'process.json / Time in garbage collection': is('share', 'low'),
  'process.json / Longest collections (p99)': is('seconds'),
  'process.json / What the process holds': is('count'),
  'process.json / Requests under way': is('count'),
  'process.json / Turned away': is('perSecond', 'low'),
  'process.json / Connections of callers': is('count'),
  'process.json / Wait for the rate budget (p95)': is('seconds', 'low'),
  'process.json / Granted by the rate budget': is('perSecond'),
  'process.json / File descriptors in use': is('share', 'low'),
  'process.json / Log lines dropped': is('perSecond', 'low'),
  'process.json / Time to read the metrics': is('seconds'),
  'process.json / Series': is('count'),
  'route.json / Planned on the gateway': is('share'),
  'route.json / Answered by the gateway': is('share'),
  'route.json / Shadowed': is('share'),
  'route.json / Parity, guaranteed': is('share', 'high'),
  'route.json / Breaker, gateway': is('state', 'low'),
  'route.json / Autopilot step': is('share'),
  'route.json / Requests answered': is('perSecond'),
  'route.json / Failed attempts': is('share', 'low'),
  'route.json / What callers saw fail': is('share', 'low'),
  'route.json / Latency p50': is('seconds'),
  'route.json / Latency p95': is('seconds'),
  'route.json / Latency p99': is('seconds'),
  'route.json / Latency of direct': is('seconds'),
  'route.json / Latency of gateway': is('seconds'),
  'route.json / Status, direct': is('perSecond'),
  'route.json / Status, gateway': is('perSecond'),
  'route.json / Attempts by outcome': is('perSecond'),
  'route.json / Rollout': is('share'),
  'route.json / Parity': is('share', 'high'),
  'route.json / Shadows': is('perSecond'),
  'route.json / Gateway against direct': is('multiple', 'low'),
  'route.json / Failovers': is('perSecond'),
  'route.json / Failover share': is('share', 'low'),
  'route.json / Breakers': is('state', 'low'),
  'route.json / Autopilot decisions': is('perSecond'),
  'route.json / Writes read back': is('perSecond'),
};
