import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Answer } from './answer.ts';
import { openApiJson } from './openapi.ts';

/**
 * /docs: Swagger UI, as FastAPI showed it, but from this process instead of a CDN: a page on which people type
 * production keys loads nothing from elsewhere, and the policy in its headers holds it to that. Files are read on
 * first use; most processes never show the page.
 */

/** Of Swagger UI, by name, with their types. */
export const DOCS_ASSETS = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const;

const PAGE = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>C2S gateway</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;
/** validatorUrl: Swagger UI would otherwise send the document's address to a validator on the internet. */
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null });\n`;

/** Swagger UI writes style attributes and inlines its icons as data URLs; nothing else is let through. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

const serve = (body: string | Uint8Array, type: string): Answer => ({
  status: 200,
  headers: {
    'content-type': type,
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
  },
  body,
});

const NOT_INSTALLED: Answer = {
  ...serve(
    'Swagger UI is not installed here: run npm ci with devDependencies, or run the build. /openapi.json describes the gateway.\n',
    'text/plain; charset=utf-8',
  ),
  status: 503,
};

/** In a build beside this file; from the sources, of the package. Undefined: an install without devDependencies. */
function assetFolder(): string | undefined {
  const built = fileURLToPath(new URL('docs', import.meta.url));
  if (existsSync(built)) return built;
  try {
    return dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
  } catch {
    return undefined;
  }
}

/** The pages beside the operations, by path; undefined for every other path. */
export function createDocs(version: string): (path: string) => Answer | undefined {
  const folder = assetFolder();
  const makers = new Map<string, () => Answer>([
    ['/docs', () => (folder === undefined ? NOT_INSTALLED : serve(PAGE, 'text/html; charset=utf-8'))],
    ['/docs/start.js', () => serve(START, 'text/javascript; charset=utf-8')],
    ['/openapi.json', () => serve(openApiJson(version), 'application/json')],
    ...Object.entries(folder === undefined ? {} : DOCS_ASSETS).map(
      ([file, type]) => [`/docs/${file}`, () => serve(readFileSync(join(folder ?? '', file)), type)] as const,
    ),
  ]);
  const made = new Map<string, Answer>();
  return (path) => {
    const make = makers.get(path);
    if (!make) return undefined;
    let answer = made.get(path);
    if (!answer) made.set(path, (answer = make()));
    return answer;
  };
}
