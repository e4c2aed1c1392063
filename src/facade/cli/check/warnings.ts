import { existsSync } from 'node:fs';
import { readDocument } from '../../config/document.ts';
import { placeName } from '../../config/place.ts';
import { Callers } from '../../forward/callers.ts';
import type { ConfigSection } from '../../config/table-schema.ts';
import { ROLLOUT_WARNINGS, type RaisedWarning, type RolloutWarningInput } from '../../steer/rollout-warnings.ts';

/**
 * What the loader takes and an operator may still not have meant. A warning is a function of its own and a line in
 * WARNINGS; it says everything that it finds, each with what to do instead.
 */

export interface CheckWarning {
  /** Stable, for scripts: `write-without-evidence`. */
  readonly kind: string;
  readonly line: number;
  readonly column: number;
  readonly where: string;
  readonly message: string;
  readonly remedy: string;
}

interface WarningInput extends RolloutWarningInput {
  readonly text: string;
  /** What the operator calls this command. */
  readonly command: string;
  /** Of the extension; undefined: there is none. */
  readonly section: ConfigSection | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The file is judged for a sandbox, which brings callers of its own. */
  readonly isSandbox: boolean;
  /** Ids of the table that serves now; undefined: no facade was asked. */
  readonly running: readonly string[] | undefined;
}

type Warn = (input: WarningInput) => RaisedWarning[];

/** Every warning, in the order of the file. */
export function warningsOf(input: WarningInput): CheckWarning[] {
  const document = readDocument(input.text);
  return WARNINGS.flatMap((warn) => warn(input))
    .map(({ path, ...rest }) => {
      const { line, column } = document.position(path, 'value');
      return { ...rest, line, column, where: placeName(path, document.value) };
    })
    .toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** A caller whose token left FACADE_TOKENS, or a mistyped id: nothing would take the path that the operator meant. */
const namesUnknownCallers: Warn = ({ config, variables, pairVariables, isSandbox }) => {
  // The callers of the sandbox are made at its start; the tokens of the environment are none of them.
  if (isSandbox) return [];
  const tokens = (variables['FACADE_TOKENS'] ?? '').split(',').map((token) => token.trim());
  const known = new Callers(variables[pairVariables.direct.token], tokens, new Set()).all.map(({ id }) => id);
  if (known.length === 0) return [];
  const named = [
    { path: ['defaults', 'callers'], ids: Object.keys(config.defaults.callers) },
    ...config.routes.map(({ callers = {} }, i) => ({ path: ['routes', i, 'callers'], ids: Object.keys(callers) })),
  ];
  return named.flatMap(({ path, ids }) =>
    ids
      .filter((id) => !known.includes(id))
      .map((id) => ({
        path: [...path, id],
        kind: 'unknown-caller-id',
        message: `${id} is the id of no token in FACADE_TOKENS, so no request takes this path by it`,
        remedy: `write one of ${known.join(', ')}, or take the line out`,
      })),
  );
};

/** A file that was cut between two routes is sound in itself. */
const vanishedRoutes: Warn = ({ config, running }) => {
  const gone = running?.filter((id) => !config.routes.some((route) => route.id === id)) ?? [];
  if (gone.length === 0) return [];
  return [
    {
      path: ['routes'],
      kind: 'routes-vanished',
      message: `${gone.join(', ')}: in the table that serves, and not in this file`,
      remedy: 'put them back, unless their traffic is to go direct as it comes',
    },
  ];
};

/** A variable that is set and named nowhere does nothing: whoever empties it in an emergency would wait in vain. */
const unusedVariables: Warn = ({ text, variables, pairVariables }) =>
  (['direct', 'gateway'] as const)
    .map((side) => [pairVariables[side].url, side] as const)
    .filter(([name]) => variables[name]?.trim() && !text.includes(`\${${name}}`))
    .map(([name, upstream]) => ({
      path: ['upstreams', upstream, 'url'],
      kind: 'unused-variable',
      message: `${name} is set and the file does not name it, so it has no effect`,
      remedy: `write url: \${${name}}, or unset the variable`,
    }));

const killedByFile: Warn = ({ config, command }) => {
  const file = config.server.killSwitchFile;
  if (file === undefined || !existsSync(file)) return [];
  return [
    {
      path: ['server', 'killSwitchFile'],
      kind: 'kill-switch',
      message: `${file} exists, so every route is direct`,
      remedy: `${command} kill-switch off when it is over`,
    },
  ];
};

const everybodyIsTrusted: Warn = ({ config }) =>
  config.server.trustedProxies.flatMap((range, i) =>
    /\/0$/.test(range)
      ? [
          {
            path: ['server', 'trustedProxies', i],
            kind: 'everybody-trusted',
            message: `${range} is everybody: any caller may say in x-forwarded-for where it comes from`,
            remedy: 'write the addresses of the load balancers alone',
          },
        ]
      : [],
  );

const ofTheSection: Warn = ({ section, config, now }) =>
  (section?.warnings?.(config.extension, now) ?? []).map(({ path, ...rest }) => ({
    ...rest,
    path: [section?.key ?? '', ...path],
  }));

const WARNINGS: readonly Warn[] = [
  ...ROLLOUT_WARNINGS,
  namesUnknownCallers,
  vanishedRoutes,
  unusedVariables,
  killedByFile,
  everybodyIsTrusted,
  ofTheSection,
];
