import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DOCS_ASSETS } from './docs-page.ts';

/**
 * `npm run build:docs`, a part of every build: copies the three files of Swagger UI that /docs shows into the build, with
 * their licence. The package is 12 MB, mostly source maps, and stays a devDependency.
 */

const from = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
const to = fileURLToPath(new URL('../../../dist/c2s/gateway/docs', import.meta.url));
mkdirSync(to, { recursive: true });
for (const name of [...Object.keys(DOCS_ASSETS), 'swagger-ui-bundle.js.LICENSE.txt', 'LICENSE', 'NOTICE'])
  copyFileSync(join(from, name), join(to, name));
