import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { readTextSync } from '../../../http/read-file.ts';
import { readDocument } from '../../config/document.ts';
import { valueAt } from '../../config/place.ts';
import { tableFile } from '../config-file.ts';
import { print, withProduct, type Command, type CommonOptions, type Context, type ProductContext } from '../context.ts';
import { CliError, EXIT, usageError, type ExitCode } from '../exit.ts';
import { instant } from '../format.ts';
import type { KillSwitchState } from '../live.ts';
import type { FlipLine, HistoryAnswer } from './history.ts';
import { signature } from '../signature.ts';
import { visible } from '../../../http/visible.ts';

export interface KillSwitchOptions extends CommonOptions {
  readonly why?: string;
}

/**
 * Shows or sets the kill switch. Nothing is asked and no config is checked: whoever calls this is in a hurry, and the
 * config may be what is broken. Where no facade answers, the file that it watches is the way.
 */
export const killSwitch: Command<KillSwitchOptions> = async (context, options, [state]) => {
  if (state === undefined) return show(context);
  if (state !== 'on' && state !== 'off')
    throw usageError(`"${state}" is no state of the kill switch: write on or off.`);
  return set(context, state === 'off', options);
};

/** The former name of `kill-switch on` and `kill-switch off`: runbooks in which it stands must still work. */
export const panic: Command<KillSwitchOptions & { readonly end?: boolean }> = (context, { end = false, ...options }) =>
  set(context, end, options);

async function show(context: Context): Promise<ExitCode> {
  const state = await context.admin.get<KillSwitchState>('/api/kill-switch');
  return answer(context, { ...state, ...(state.on ? { since: await switchedOn(context) } : {}) });
}

/** How many lines of the history are searched for whoever switched it on; the admin API gives no more. */
const MAX_LINES = 500;

/** The line of the history that switched it on; undefined: it is older, or the history cannot be had. */
async function switchedOn({ admin }: Context): Promise<FlipLine | undefined> {
  try {
    const history = await admin.find<HistoryAnswer>(`/api/history?limit=${MAX_LINES}`);
    return history?.flips.find(({ kind, to }) => kind === 'kill-switch' && to === true);
  } catch (error) {
    // The state is what matters; the database that keeps the history may be what is broken.
    if (error instanceof CliError) return undefined;
    throw error;
  }
}

async function set(context: Context, end: boolean, options: KillSwitchOptions): Promise<ExitCode> {
  try {
    const method = end ? 'DELETE' : 'PUT';
    const state = await context.admin.send<KillSwitchState>(method, '/api/kill-switch', signature(options));
    return end && state.on ? endFile(context, state) : answer(context, state, remarkOf(state));
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return byFile(context, end, error);
  }
}

/** It acts on the instance that was asked; the others hear of it by the database. */
function remarkOf({ on, recorded, kept }: KillSwitchState): string {
  if (recorded !== false || kept === undefined) return '';
  const state = on ? 'on' : 'off';
  return `\nThe database does not take this now. That it is ${state} is kept ${visible(kept)}. Switch it ${state} on the other instances too.`;
}

interface ShownState extends KillSwitchState {
  readonly since?: FlipLine | undefined;
}

function answer(context: Context, state: ShownState, remark = ''): ExitCode {
  const { style, name } = context;
  print(context, state, (shown) => {
    if (!shown.on) return `${style.green('Kill switch off')}: the rollout table decides.${remark}`;
    const heading = `${style.bold(style.red('Kill switch on'))}: every route is direct, at once.`;
    return [`${heading} ${remedyOf(name, shown)}${remark}`, ...sinceLines(shown.since)].join('\n');
  });
  return EXIT.ok;
}

/** What ends it; while a file holds it, "off" alone does not. */
function remedyOf(name: string, { by, file }: KillSwitchState): string {
  const off = `"${name} kill-switch off"`;
  if (!by.includes('file')) return `Switch it off with ${off}.`;
  const named = file === undefined ? 'The file of server.killSwitchFile' : `The file ${file} (server.killSwitchFile)`;
  const also = by.includes('admin') ? ` It was switched on by hand, too: ${off} as well.` : '';
  return `${named} holds it: remove that file where the facade runs.${also}`;
}

function sinceLines(since: FlipLine | undefined): string[] {
  if (!since) return [];
  const { who, source, at, why } = since;
  return [`by ${who === source ? who : `${who} (${source})`} since ${instant(at)}${why ? `: ${why}` : ''}`];
}

/** The admin API let go of it, and it is still on: the file holds it. */
async function endFile(context: Context, state: KillSwitchState): Promise<ExitCode> {
  const file = killSwitchFile(tableFile(await withProduct(context)));
  if (state.by.includes('file') && file !== undefined && existsSync(file)) {
    rmSync(file);
    return answer(context, { on: false, by: [] }, `\n${file} held it too; it is removed.`);
  }
  print(context, state, (shown) =>
    shown.by.includes('file')
      ? `The kill switch is still on. ${remedyOf(context.name, shown)}`
      : `The kill switch is still on, by: ${shown.by.join(', ')}. Try again, or look at "${context.name} history".`,
  );
  return EXIT.problems;
}

async function byFile(given: Context, end: boolean, error: CliError): Promise<ExitCode> {
  const context = await withProduct(given);
  const file = killSwitchFile(tableFile(context));
  if (file === undefined) throw new CliError(error.code, `${error.message}\n${byHand(context, end)}`);
  if (end) rmSync(file, { force: true });
  else touch(file, error);
  const done = end
    ? 'is removed: where it alone held the kill switch, the table decides again.'
    : 'is there now: a facade of this machine that watches it is direct within a second.';
  const state = { on: !end, by: end ? [] : ['file'], file, unreachable: error.message };
  print(context, state, () => `${error.message}\n${file} ${done}`);
  return EXIT.ok;
}

const byHand = (context: ProductContext, end: boolean): string =>
  end
    ? `${tableFile(context)} names no server.killSwitchFile, so no file holds the kill switch.`
    : `${tableFile(context)} names no server.killSwitchFile. What else sends every route direct:
  empty ${context.pair.variables.gateway.url}= in .env, or write upstreams.gateway.url: '' in the config file
  curl -X PUT -H 'x-c2s-admin: 1' -H 'authorization: Bearer ADMIN_TOKEN' ${context.admin.url}/api/kill-switch`;

function touch(file: string, error: CliError): void {
  try {
    // Whatever is there already holds the switch; a FIFO would not even open.
    if (!existsSync(file)) closeSync(openSync(file, 'a'));
  } catch {
    const remedy = `${file} cannot be created here either; create it where the facade runs.`;
    throw new CliError(error.code, `${error.message}\n${remedy}`);
  }
}

/** Read without the checks: a config that would be refused names its file all the same. */
function killSwitchFile(configFile: string): string | undefined {
  try {
    const name = valueAt(readDocument(readTextSync(configFile)).value, ['server', 'killSwitchFile']);
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}
