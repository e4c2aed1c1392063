import type { Finding } from '../problem.ts';
import { finding, nameOf, type Draft } from './draft.ts';

/** A lead that is deleted, or one that a route begins to cache, would look like an outage; and a check is no caller. */
export function healthPathsNameNoRecord({ direct, gateway, rows }: Draft): Finding[] {
  return [['direct', direct] as const, ['gateway', gateway] as const].flatMap(([side, upstream]) => {
    const path = upstream?.health?.path.split('?')[0];
    if (path === undefined) return [];
    const row = rows.find(({ route }) =>
      [route[side] ?? []].flat().some((endpoint) => namesRecord(endpoint.split(' ')[1] ?? '', path)),
    );
    if (!row) return [];
    const message = `"${path}" is a record of ${nameOf(row)}, which may be deleted or need a token`;
    return [finding(['upstreams', side, 'health', 'path'], message, 'write a page that reads no data, as /health')];
  });
}

function namesRecord(template: string, path: string): boolean {
  const segments = template.split('/');
  const asked = path.split('/');
  if (segments.length !== asked.length || !template.includes('/:')) return false;
  return segments.every((segment, i) => segment.startsWith(':') || segment === asked[i]);
}
