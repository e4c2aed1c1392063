import type { RouteView } from '../../admin/routes.ts';
import { compileRoutes, rolloutValues } from '../../rollout/compile.ts';
import type { RouteModel } from '../../rollout/route.ts';
import { readConfigFile, requireConfig } from '../config-file.ts';
import { print, type Command, type Context } from '../context.ts';
import { EXIT } from '../exit.ts';
import type { ServedConfig, LiveTable } from '../live.ts';

/** One difference between the table that serves and the file. */
export interface TableDifference {
  readonly route: string;
  /** `rollout.gateway`; `route` where the whole route is on one side only. */
  readonly key: string;
  readonly running: string | undefined;
  readonly file: string | undefined;
}

/** The config file against the table that serves. Exit code 1 where they differ, as diff has it. */
export const diff: Command = async (context) => {
  const file = await readConfigFile(context);
  const config = requireConfig(file);
  const [table, running] = await Promise.all([
    context.admin.get<LiveTable>('/api/routes'),
    context.admin.get<ServedConfig>('/api/config'),
  ]);
  const differences = compareTables(table.routes, compileRoutes(config, file.pair));
  const isSameText = running.digest === file.digest;
  const { digest: runningDigest, file: runningFile } = running;
  const answer = { file: file.file, digest: file.digest, runningFile, running: runningDigest, isSameText, differences };
  print(context, answer, (shown) => render(context, shown));
  return differences.length === 0 && isSameText ? EXIT.ok : EXIT.problems;
};

/** Route by route: endpoints, safety, rollout and deadlines. */
export function compareTables(running: readonly RouteView[], file: readonly RouteModel[]): TableDifference[] {
  const views = new Map(running.map((view) => [view.id, flatView(view)]));
  const models = new Map(file.map((model) => [model.id, flatModel(model)]));
  return [...new Set([...views.keys(), ...models.keys()])].flatMap((route) => {
    const [before, after] = [views.get(route), models.get(route)];
    if (!before || !after) {
      return [{ route, key: 'route', running: before && 'there', file: after && 'there' }];
    }
    return Object.keys(after).flatMap((key) => {
      if (before[key] === after[key]) return [];
      return [{ route, key, running: before[key], file: after[key] }];
    });
  });
}

type Flat = Readonly<Record<string, string>>;

function flatView({ paths, safety, rollout, deadlines }: RouteView): Flat {
  return flat(paths.direct?.endpoints ?? [], paths.gateway?.endpoints ?? [], safety, rollout, deadlines);
}

function flatModel(model: RouteModel): Flat {
  const { direct, gateway, safety, deadlines } = model;
  const [ofDirect, ofGateway] = [direct, gateway].map((side) =>
    side.map(({ method, template }) => `${method} ${template}`),
  );
  return flat(ofDirect ?? [], ofGateway ?? [], safety, rolloutValues(model), deadlines);
}

function flat(
  direct: readonly string[],
  gateway: readonly string[],
  safety: string,
  rollout: object,
  limits: object,
): Flat {
  const prefixed = (prefix: string, values: object) =>
    Object.entries(values).map(([key, value]) => [`${prefix}.${key}`, String(value)] as const);
  return Object.fromEntries([
    ...prefixed('rollout', rollout),
    ['direct', direct.join(', ')],
    ['gateway', gateway.join(', ')],
    ['safety', safety],
    ...prefixed('deadlines', limits),
  ]);
}

interface DiffAnswer {
  readonly file: string;
  readonly digest: string;
  /** The facade reads it; as the facade names it, whose directory may be another. */
  readonly runningFile: string;
  /** Its digest. */
  readonly running: string;
  readonly isSameText: boolean;
  readonly differences: readonly TableDifference[];
}

function render(
  { style }: Context,
  { file, digest, runningFile, running, isSameText, differences }: DiffAnswer,
): string {
  if (differences.length === 0) {
    return isSameText
      ? `${file} is what serves (digest ${running}).`
      : `The routes are the same. The rest of ${file} (digest ${digest}) is not the text that serves (${runningFile}, digest ${running}).`;
  }
  const lines = differences.map((one) => {
    if (one.key === 'route')
      return one.file
        ? style.green(`+ ${one.route}: only in the file`)
        : style.red(`- ${one.route}: only in the table that serves`);
    return `~ ${one.route}: ${one.key} ${style.red(one.running ?? '')} → ${style.green(one.file ?? '')}`;
  });
  return [`serves: ${runningFile}, digest ${running} · compared: ${file}, digest ${digest}`, '', ...lines].join('\n');
}
