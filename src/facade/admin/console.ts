import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { methodNotAllowed, refuse } from '../../http/page-errors.ts';
import type { Problem } from '../../http/problem.ts';

/**
 * The console: one page of static files, read once at start. It holds no data and no secret, so it is open as the
 * probes are; what it shows comes from the API, which is guarded. Nothing of it is loaded from elsewhere, and the
 * policy sees to that.
 */

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** What the page is made of, by the names under /console/. */
const PAGES = ['index.html', 'style.css', 'icon.svg'];
const SCRIPTS = [
  'api',
  'autopilot',
  'autopilot-board',
  'bars',
  'board',
  'confirm',
  'dead-letters',
  'discovery',
  'drift',
  'effect',
  'events',
  'explain',
  'find',
  'flip',
  'format',
  'guard',
  'happened',
  'help',
  'history',
  'instance',
  'live',
  'load',
  'main',
  'marks',
  'masthead',
  'migration',
  'model',
  'needs',
  'order',
  'over-time',
  'overview',
  'pages',
  'palette',
  'parity',
  'paste',
  'plot',
  'route-page',
  'sample-diff',
  'scale',
  'sign-in',
  'sparkline',
  'toast',
  'unknown-writes',
  'when',
  'words',
].map((name) => `${name}.js`);

/** From npm, as they are. */
const VENDOR: Readonly<Record<string, string>> = {
  'vendor/preact.js': 'htm/preact/standalone',
};

const NOT_BUILT: Problem = {
  status: 503,
  kind: 'console-not-built',
  detail: 'The console is not built. Run: npm run build:console, and start the facade again',
};

interface Asset {
  readonly type: string;
  readonly body: Buffer;
  /** Made once at start: what a browser over a thin line waits for is a third. */
  readonly gzipped: Buffer;
  readonly etag: string;
}

/**
 * Serves /console/; where it was not built, a sentence that says how to build it.
 * @param folders where the built page may be; the first that has all of it is served
 */
export function createConsole(folders: readonly string[] = builtFolders()): Router {
  const router = express.Router({ strict: true });
  const assets = readAssets(folders);
  const serve = (req: Request, res: Response, next: NextFunction): void => {
    if (!assets) return refuse(req, res, NOT_BUILT);
    const path = req.path.slice('/console/'.length);
    const asset = assets.get(path === '' ? 'index.html' : path);
    if (!asset) return next('route');
    res.set({
      'content-security-policy': POLICY,
      'content-type': asset.type,
      'cache-control': 'no-cache',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      etag: asset.etag,
    });
    res.vary('accept-encoding');
    if (req.headers['if-none-match'] === asset.etag) return void res.status(304).end();
    if (req.acceptsEncodings('gzip') === false) return void res.end(asset.body);
    res.set('content-encoding', 'gzip').end(asset.gzipped);
  };
  router
    .route('/console')
    .get((_req, res) => res.redirect(308, '/console/'))
    .all(methodNotAllowed);
  router.route('/console/{*file}').get(serve).all(methodNotAllowed);
  return router;
}

/** Beside this file in a build; from source the scripts are where `npm run build:console` put them. */
function builtFolders(): string[] {
  const here = fileURLToPath(new URL('.', import.meta.url));
  return [join(here, 'console'), join(here, '../../../dist/facade/admin/console')];
}

function readAssets(folders: readonly string[]): ReadonlyMap<string, Asset> | undefined {
  for (const folder of folders) {
    try {
      return read(folder);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  return undefined;
}

function read(folder: string): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const name of [...PAGES, ...SCRIPTS]) assets.set(name, assetOf(name, join(folder, name)));
  for (const [name, source] of Object.entries(VENDOR)) {
    assets.set(name, assetOf(name, fileURLToPath(import.meta.resolve(source))));
  }
  return assets;
}

function assetOf(name: string, file: string): Asset {
  const body = readFileSync(file);
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  return {
    type,
    body,
    gzipped: gzipSync(body, { level: 9 }),
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
  };
}
