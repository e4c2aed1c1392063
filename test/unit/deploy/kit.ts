import { existsSync, readFileSync } from 'node:fs';
import { facadeConfigSchema } from '../../../src/facade/config/schema.ts';
import { parseDuration } from '../../../src/http/units.ts';

/** What the deployment files must agree with. */

/** Seconds that the facade takes at most to finish what is under way. */
export const FACADE_DRAIN = facadeConfigSchema.shape.server.parse({}).drain / 1000;

/** Seconds that the gateway takes at most: it says so in its entry. */
export const GATEWAY_DRAIN =
  Number(/EXIT_TIMEOUT_MS = ([\d_]+)/.exec(readFileSync('src/c2s/gateway/main.ts', 'utf8'))?.[1]?.replaceAll('_', '')) /
  1000;

/** Seconds that a deployment serves on at a stop; what it asks of a balancer is `check`, in seconds. */
export function drainDelay(variables: Readonly<Record<string, string>> | undefined, name: string, check = 0): number {
  const delay = parseDuration(variables?.[name] ?? '0s') / 1000;
  if (delay <= check) throw new Error(`${name} is ${delay} s, which a health check of ${check} s does not see`);
  return delay;
}

/** Seconds of `35s`, `35` or `1m`. */
export function seconds(text: string | number): number {
  const [, value, unit = 's'] = /^(\d+)(s|m)?$/.exec(String(text)) ?? [];
  if (value === undefined) throw new Error(`not a time: ${text}`);
  return Number(value) * (unit === 'm' ? 60 : 1);
}

/** `dist/main.js` is built from `src/main.ts`. */
export const isBuiltFromSource = (path: string): boolean =>
  existsSync(path.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts'));

/** Secrets of a deployment, which stand in none of its files. */
export const SECRETS = {
  C2S_TOKEN: 'a-token-of-contact2sale',
  ADMIN_TOKEN: 'an-admin-token-of-16',
  FACADE_TOKENS: 'a-token-of-a-caller-1',
  DATABASE_URL: 'postgres://facade:x@db.invalid/facade',
};
