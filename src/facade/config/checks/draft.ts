import {
  facadeConfigSchema,
  type FacadeConfig,
  type KnownDifferenceConfig,
  type RouteConfig,
  type UpstreamConfig,
} from '../schema.ts';
import type { NotifyTargetConfig } from '../notify-schema.ts';
import type { ConfigPath, Finding } from '../problem.ts';
import type { Variables } from '../variables.ts';
import { valueAt } from '../place.ts';

/**
 * As much of the config as its schema accepts, part by part. The checks run on it, so that one misspelt key in route 3
 * does not hide a double claim in route 20: an operator in a hurry mends the file once.
 */
export interface Draft {
  /** The file as data, whatever is in it. */
  readonly raw: unknown;
  readonly env: Variables;
  readonly rows: readonly IndexedRoute[];
  readonly direct: UpstreamConfig | undefined;
  readonly gateway: UpstreamConfig | undefined;
  readonly server: FacadeConfig['server'] | undefined;
  readonly defaults: FacadeConfig['defaults'] | undefined;
  readonly compare: FacadeConfig['compare'] | undefined;
  readonly knownDifferences: readonly KnownDifferenceDraft[];
  readonly notify: readonly NotifyTargetDraft[];
}

interface NotifyTargetDraft {
  /** Its place in `notify`. */
  readonly index: number;
  readonly target: NotifyTargetConfig;
}

interface KnownDifferenceDraft {
  /** Its place in `knownDifferences`. */
  readonly index: number;
  readonly entry: KnownDifferenceConfig;
}

export interface IndexedRoute {
  /** Its place in `routes`, routes that the schema refused counted as well. */
  readonly index: number;
  readonly route: RouteConfig;
}

/** A rule that no schema can express: looks at the draft, says everything that it finds. */
export type Check = (draft: Draft) => Finding[];

interface Parser<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}

function accepted<T>(schema: Parser<T>, value: unknown): T | undefined {
  const result = schema.safeParse(value);
  return result.success ? result.data : undefined;
}

export function draftOf(raw: unknown, env: Variables): Draft {
  const { routes, server, defaults, upstreams, compare, knownDifferences, notify } = facadeConfigSchema.shape;
  const rows = listAt(raw, 'routes').flatMap((row, index) => {
    const route = accepted(routes.element, row);
    return route ? [{ index, route }] : [];
  });
  const known = listAt(raw, 'knownDifferences').flatMap((written, index) => {
    const entry = accepted(knownDifferences.unwrap().element, written);
    return entry ? [{ index, entry }] : [];
  });
  const targets = listAt(raw, 'notify').flatMap((written, index) => {
    const target = accepted(notify.unwrap().element, written);
    return target ? [{ index, target }] : [];
  });
  return {
    raw,
    env,
    rows,
    direct: accepted(upstreams.shape.direct, valueAt(raw, ['upstreams', 'direct'])),
    gateway: accepted(upstreams.shape.gateway, valueAt(raw, ['upstreams', 'gateway'])),
    server: accepted(server, valueAt(raw, ['server'])),
    defaults: accepted(defaults, valueAt(raw, ['defaults'])),
    compare: accepted(compare, valueAt(raw, ['compare'])),
    knownDifferences: known,
    notify: targets,
  };
}

/** The whole of a config that was accepted. Its URLs are expanded, so there is nothing left to read from an environment. */
export function draftOfConfig(config: FacadeConfig): Draft {
  const { routes, server, defaults, upstreams, compare, knownDifferences, notify } = config;
  return {
    raw: config,
    env: {},
    rows: routes.map((route, index) => ({ index, route })),
    direct: upstreams.direct,
    gateway: upstreams.gateway,
    server,
    defaults,
    compare,
    knownDifferences: knownDifferences.map((entry, index) => ({ index, entry })),
    notify: notify.map((target, index) => ({ index, target })),
  };
}

function listAt(raw: unknown, key: string): unknown[] {
  const written = valueAt(raw, [key]);
  return Array.isArray(written) ? (written as unknown[]) : [];
}

/** Is there a route with this id, though one that the schema refused? What names it is right, and the fault is told there. */
export const isRefusedRoute = ({ raw, rows }: Draft, id: string): boolean =>
  rows.length < listAt(raw, 'routes').length && listAt(raw, 'routes').some((row) => valueAt(row, ['id']) === id);

/** A finding about a value. */
export function finding(path: ConfigPath, message: string, remedy: Finding['remedy']): Finding {
  return { path, at: 'value', message, remedy };
}

/** How another route is named in a message: `routes[3] (leads.get)`. */
export const nameOf = ({ index, route }: IndexedRoute) => `routes[${index}] (${route.id})`;
