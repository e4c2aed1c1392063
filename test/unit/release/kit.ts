import { execFileSync } from 'node:child_process';

export interface Packed {
  readonly filename: string;
  /** Bytes, compressed. */
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** `npm pack`. @param args further ones. */
export function npmPack(args: readonly string[]): Packed {
  const output = execFileSync('npm', ['pack', '--json', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // What scripts print stands before it.
  const listed = JSON.parse(output.slice(output.search(/^[[{]/m))) as Packed[] | Record<string, Packed>;
  const [packed] = Object.values(listed);
  if (!packed) throw new Error('npm pack packed nothing');
  return packed;
}

/** What must not be in a package, by its path: sources, tests, maps to what is not there, secrets, data. */
export const UNWANTED = [
  /\.map$/,
  /^(src|test|bench|docs|grafana|deploy|node_modules|coverage|examples)\//,
  /\.test\.|\.spec\./,
  /(^|\/)\.env$|\.(pem|key|tgz|log|bak)$/,
  /(^|\/)\.(data|git|ci)(\/|$)/,
  /gateway-callers\.json$/,
  /(?<!\.d)\.ts$/,
];

/** Bytes of the tarball; a third of it is Swagger UI. */
export const LARGEST = 1_800_000;
