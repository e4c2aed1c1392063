import { hash, randomBytes } from 'node:crypto';
import process from 'node:process';

/** `npm run gateway:key -- <name> [read|full]`: a new caller key. It is shown once; the config gets its hash. */
const [name, access = 'full'] = process.argv.slice(2);
if (name === undefined || (access !== 'read' && access !== 'full')) {
  process.stderr.write('usage: npm run gateway:key -- <name> [read|full]\n');
  process.exitCode = 2;
} else {
  const key = `c2sg_${randomBytes(32).toString('base64url')}`;
  process.stdout.write(`key, for the caller:    ${key}\n`);
  process.stdout.write(`row, for "callers":     ${JSON.stringify({ name, sha256: hash('sha256', key), access })}\n`);
}
