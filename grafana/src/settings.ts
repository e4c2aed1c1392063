/**
 * The numbers that dashboards and alerts share, so that a line drawn in a panel is the line that alerts. To change
 * one, change it here and run `npm run grafana`.
 */

/** The scrape job of prometheus.yml. Metrics of every Node process (nodejs_…, up) are the facade's by it alone. */
export const JOB = 'c2s-facade';

/** Where docs/ can be read, for the runbook links of alerts. A copy that is served somewhere has its URL here. */
export const DOCS = 'docs';

/**
 * Share of the requests that must not fail by a fault of an upstream or of the facade, over 30 days. Contact2Sale
 * promises nothing that we know of; half a percent is what the autopilot, too, lets the gateway be worse.
 */
export const OBJECTIVE = 0.995;

/** What the autopilot asks of a route before it moves on, by default (`autopilot.gates`); latencyFloor in seconds. */
export const GATES = { parity: 0.999, errorRateDelta: 0.005, latencyP95Ratio: 1.3, latencyFloor: 0.05 };

/** Share of the requests meant for the gateway that may fail over before somebody should look. */
export const FAILOVER_SHARE = 0.05;

/** Seconds. A loop this late adds as much to every request of the process. */
export const EVENT_LOOP_LAG = 0.1;

/** Seconds that the slowest requests may wait for the rate budget; they are refused after 2 s by default. */
export const RATE_BUDGET_WAIT = 1;

/** Share of the process's file descriptors, of which every connection takes one. */
export const OPEN_FILES_SHARE = 0.8;
