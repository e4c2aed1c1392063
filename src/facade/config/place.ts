import type { ConfigPath } from './problem.ts';

/** Places in the parsed file: what stands there, and how a report calls them. */

/** The value at a path; undefined where there is none. */
export function valueAt(root: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>((at, key) => {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    return (at as Record<string | number, unknown>)[key];
  }, root);
}

/** `routes[3] (leads.get).rollout.gateway`: a route by its number and, where it has one, its id; `the file` for all of it. */
export function placeName(path: ConfigPath, root: unknown): string {
  if (path.length === 0) return 'the file';
  return path.reduce<string>((name, key, i) => {
    if (typeof key === 'string') return name === '' ? key : `${name}.${key}`;
    const id = i === 1 && path[0] === 'routes' ? valueAt(root, ['routes', key, 'id']) : undefined;
    return typeof id === 'string' ? `${name}[${key}] (${id})` : `${name}[${key}]`;
  }, '');
}
