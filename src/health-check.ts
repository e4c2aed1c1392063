import process from 'node:process';

/**
 * The HEALTHCHECK of the images: asks `/healthz` of the admin listener in this container and ends with 0 or 1.
 * `node health-check.js ADMIN 9901` reads `ADMIN_HOST` and `ADMIN_PORT`; 9901 where the latter is unset.
 */

const TIMEOUT_MS = 2_500;
/** A listener on every address is asked on loopback. */
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

const [prefix = 'ADMIN', defaultPort = '9901'] = process.argv.slice(2);
const bound = process.env[`${prefix}_HOST`] || '127.0.0.1';
const host = LOOPBACK[bound] ?? bound;
const port = process.env[`${prefix}_PORT`] || defaultPort;

try {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/healthz`;
  const { ok, status } = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!ok) throw new Error(`${url} answers ${status}`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
