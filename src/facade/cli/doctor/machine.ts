import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { fail, ok, warn, type DoctorFinding } from './finding.ts';

/** The machine under the facade: Node, disk, ports. */

const OLDEST = [22, 19] as const;
const GIB = 1024 ** 3;
/** Below this Postgres soon stops; below ten times of it somebody should know. Bytes. */
const LEAST_FREE = GIB / 10;

/** @param version `v24.1.0` */
export function examineNode(version: string): DoctorFinding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  if (isOld) return fail('node', `${version} is too old`, `install Node ${OLDEST.join('.')} or newer`);
  return ok('node', version);
}

/** @param needed false: nothing is kept there. */
export function examineDisk(dataDir: string, needed: boolean): DoctorFinding {
  if (!needed) return ok('disk', 'nothing is kept on this machine');
  const place = nearestExisting(resolve(dataDir));
  try {
    accessSync(place, constants.W_OK);
  } catch {
    return fail(
      'disk',
      `${place} cannot be written`,
      `give it to the user of the facade, or set DATA_DIR to another place`,
    );
  }
  const { bavail, bsize } = statfsSync(place);
  const free = bavail * bsize;
  const text = `${(free / GIB).toFixed(1)} GiB free for DATA_DIR (${dataDir})`;
  if (free < LEAST_FREE) return fail('disk', text, 'make room, or set DATA_DIR to another disk');
  return free < 10 * LEAST_FREE ? warn('disk', text, 'make room soon') : ok('disk', text);
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

/** @param variable names the setting. @param isOurs the facade runs, so the port is rightly taken. */
export async function examinePort(
  variable: string,
  host: string,
  port: number,
  isOurs: boolean,
): Promise<DoctorFinding> {
  const code = await listenFault(host, port);
  const place = `${host}:${port}`;
  if (code === undefined) return ok(variable, `${place} is free`);
  if (code === 'EADDRINUSE' && isOurs) return ok(variable, `${place} is taken, by the facade that runs`);
  if (code === 'EADDRINUSE')
    return fail(variable, `${place} is taken by something else`, `stop that, or set ${variable} to another`);
  return fail(variable, `${place} cannot be listened on (${code})`, `set ${variable} to another, or its host`);
}

function listenFault(host: string, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error: Error & { code?: string }) => done(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(undefined)));
  });
}
