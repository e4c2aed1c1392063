import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { artefacts } from './artefacts.ts';

/** `npm run grafana`: writes the dashboards and the rules next to their sources. */

const root = join(import.meta.dirname, '..');
for (const [path, text] of Object.entries(artefacts())) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  process.stdout.write(`grafana/${path}\n`);
}
