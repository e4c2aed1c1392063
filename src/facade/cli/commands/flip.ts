import { editRollout, EditRefused, type RolloutEdit } from '../../config/edit.ts';
import { rolloutOf, type RolloutSet } from '../../config/rollout.ts';
import { safetyOf } from '../../config/safety.ts';
import { FileChanged, writeConfig } from '../../config/write.ts';
import type { FlipCheck } from '../../steer/flip-guard.ts';
import { editsForAll, effective, movable, renderEdits, type Movable } from '../changes.ts';
import { readConfigFile, requireConfig } from '../config-file.ts';
import { confirm } from '../confirm.ts';
import { print, remark, type Command, type CommonOptions, type Context } from '../context.ts';
import { CliError, EXIT, usageError, type ExitCode } from '../exit.ts';
import { forced, requireWhy, showGuard, type ForceOptions } from '../guard.ts';
import { requireRoute, type LiveTable } from '../live.ts';
import { signature } from '../signature.ts';

export interface FlipOptions extends CommonOptions, ForceOptions {
  readonly all?: boolean;
  readonly gateway?: number;
  readonly shadow?: number;
  readonly fallback?: 'direct' | 'none';
  readonly yes?: boolean;
  readonly offline?: boolean;
}

/** Changes rollouts: through the running facade, which keeps the history, or in the file. Shows what changes first. */
export const flip: Command<FlipOptions> = async (context, options, ids) => {
  const set = setOf(options);
  if ((options.all ?? false) === ids.length > 0) throw usageError('Name the routes to flip, or --all; not both.');
  if (Object.keys(set).length === 0) throw usageError('Say what to change: --gateway, --shadow or --fallback.');
  requireWhy(options);
  if (options.force && options.offline)
    throw usageError('--offline edits the file, which asks for no evidence: leave --force out.');
  const routes = [...new Set(ids)];
  return options.offline ? flipFile(context, options, routes, set) : flipLive(context, options, routes, set);
};

function setOf({ gateway, shadow, fallback }: FlipOptions): RolloutSet {
  const given = Object.entries({ gateway, shadow, fallback }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

function editsFor(
  context: Context,
  routes: readonly Movable[],
  ids: readonly string[],
  set: RolloutSet,
): RolloutEdit[] {
  if (ids.length === 0) return effective(editsForAll(routes, set), routes);
  return effective(
    ids.map((id) => ({ route: requireRoute(context, id, routes).id, set })),
    routes,
  );
}

/** What the admin API answers to a flip or a rollback. */
export interface FlipAnswer {
  readonly revision: number | string | null;
  readonly changes: readonly { readonly route: string }[];
  readonly diff?: string;
  readonly guard?: readonly FlipCheck[];
  /** Every route is direct meanwhile; left out: the kill switch is off. */
  readonly killSwitch?: boolean;
}

async function flipLive(
  context: Context,
  options: FlipOptions,
  ids: readonly string[],
  set: RolloutSet,
): Promise<ExitCode> {
  const routes = (await context.admin.get<LiveTable>('/api/routes')).routes.map(movable);
  const edits = editsFor(context, routes, ids, set);
  if (edits.length === 0) return nothing(context);
  remark(context, renderEdits(edits, routes, context.style));
  // Only if what was shown is still in force: somebody else, or the autopilot, may have moved it meanwhile.
  const asked = { changes: edits.map((edit) => ({ ...edit, from: shown(edit, routes) })), ...signature(options) };
  const plan = await context.admin.send<FlipAnswer>('POST', '/api/flips', { ...asked, dryRun: true });
  showGuard(context, plan, options);
  if (!(await confirm(context, 'Flip?', options.yes))) return EXIT.usage;
  const done = await context.admin.send<FlipAnswer>('POST', '/api/flips', { ...asked, ...forced(options) });
  print(context, done, (answer) => madeText(context, 'Flipped', answer, ` "${context.name} rollback" takes it back.`));
  return EXIT.ok;
}

/** What a flip or a rollback came to. @param next what to say besides, once the history has it. */
export function madeText(
  { name }: Pick<Context, 'name'>,
  done: 'Flipped' | 'Rolled back',
  { revision, killSwitch }: FlipAnswer,
  next = '',
): string {
  const serves = killSwitch
    ? `${done}, but the kill switch is on and every route is direct: it serves after "${name} kill-switch off"`
    : `${done}: it serves now`;
  return revision === null
    ? `${serves}. The history takes it when the database answers.`
    : `${serves}, revision ${revision}.${next}`;
}

function shown({ route, set }: RolloutEdit, routes: readonly Movable[]): object {
  const rollout = routes.find(({ id }) => id === route)?.rollout;
  return Object.fromEntries(Object.keys(set).map((key) => [key, rollout?.[key as keyof typeof rollout]]));
}

function nothing(context: Context): ExitCode {
  print(context, { changes: [] }, () => 'Nothing to change: it says all of that already.');
  return EXIT.ok;
}

async function flipFile(
  context: Context,
  options: FlipOptions,
  ids: readonly string[],
  set: RolloutSet,
): Promise<ExitCode> {
  const file = await readConfigFile(context);
  const routes = requireConfig(file).routes.map((route) => ({
    id: route.id,
    safety: safetyOf(route),
    hasBothEndpoints: route.direct !== undefined && route.gateway !== undefined,
    rollout: rolloutOf(route),
  }));
  const edits = editsFor(context, routes, ids, set);
  if (edits.length === 0) return nothing(context);
  try {
    const { text, diff } = editRollout(file.text, edits, file.variables, file.file, file.schema);
    remark(context, diff.trimEnd());
    remark(context, 'Offline no facade is asked: nothing says whether the evidence allows it.');
    if (!(await confirm(context, `Write ${file.file}?`, options.yes))) return EXIT.usage;
    await writeConfig(file.file, { text: file.text }, text);
    const written = { file: file.file, changes: edits, diff };
    print(
      context,
      written,
      () => `${file.file} is written; a facade that watches it serves the change within a second.`,
    );
    return EXIT.ok;
  } catch (error) {
    if (error instanceof EditRefused || error instanceof FileChanged) throw new CliError(EXIT.problems, error.message);
    throw error;
  }
}
