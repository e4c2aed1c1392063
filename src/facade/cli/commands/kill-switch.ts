import type { ApiPair } from '../../rollout/api-pair.ts';
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { readTextSync } from '../../../http/read-file.ts';
import { readDocument } from '../../config/document.ts';
import { valueAt } from '../../config/place.ts';
import { tableFile } from '../config-file.ts';
import { print, withProduct, type Command, type CommonOptions, type Context } from '../context.ts';
import { CliError, EXIT, usageError, type ExitCode } from '../exit.ts';
import type { KillSwitchState } from '../live.ts';
import { signature } from '../signature.ts';
import { allVisible, visible } from '../../../http/visible.ts';

export interface KillSwitchOptions extends CommonOptions {
  readonly why?: string;
}

/**
 * Shows or sets the kill switch. Nothing is asked and no config is checked: whoever calls this is in a hurry, and the
 * config may be what is broken. Where no facade answers, the file that it watches is the way.
 */
export const killSwitch: Command<KillSwitchOptions> = async (context, options, [state]) => {
  if (state === undefined) return answer(context, await context.admin.get<KillSwitchState>('/api/kill-switch'));
  if (state !== 'on' && state !== 'off')
    throw usageError(`"${state}" is no state of the kill switch: write on or off.`);
  return set(context, state === 'off', options);
};

/** The former name of `kill-switch on` and `kill-switch off`: runbooks in which it stands must still work. */
export const panic: Command<KillSwitchOptions & { readonly end?: boolean }> = (context, { end = false, ...options }) =>
  set(context, end, options);

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

function answer(context: Context, state: KillSwitchState, remark = ''): ExitCode {
  const { style, name } = context;
  print(context, state, () => {
    const text = state.on
      ? `${style.bold(style.red('Kill switch on'))}: every route is direct, at once. Switch it off with "${name} kill-switch off".`
      : `${style.green('Kill switch off')}: the rollout table decides.`;
    return `${text}${remark}`;
  });
  return EXIT.ok;
}

/** The admin API let go of it, and it is still on: the file holds it. */
async function endFile(context: Context, state: KillSwitchState): Promise<ExitCode> {
  const file = killSwitchFile(tableFile(await withProduct(context)));
  if (state.by.includes('file') && file !== undefined && existsSync(file)) {
    rmSync(file);
    return answer(context, { on: false, by: [] }, `\n${file} held it too; it is removed.`);
  }
  const held = `The kill switch is still on, by: ${allVisible(state.by).join(', ')}. Remove server.killSwitchFile where the facade runs.`;
  print(context, state, () => held);
  return EXIT.problems;
}

async function byFile(given: Context, end: boolean, error: CliError): Promise<ExitCode> {
  const context = await withProduct(given);
  const file = killSwitchFile(tableFile(context));
  if (file === undefined) throw new CliError(error.code, `${error.message}\n${byHand(context.pair)}`);
  if (end) rmSync(file, { force: true });
  else touch(file, error);
  const done = end
    ? 'is removed: where it alone held the kill switch, the table decides again.'
    : 'is there now: a facade of this machine that watches it is direct within a second.';
  const state = { on: !end, by: end ? [] : ['file'], file, unreachable: error.message };
  print(context, state, () => `${error.message}\n${file} ${done}`);
  return EXIT.ok;
}

const byHand = ({
  variables,
}: ApiPair): string => `The config names no server.killSwitchFile. What else sends every route direct:
  empty ${variables.gateway.url}= in .env, or write upstreams.gateway.url: '' in the config file
  curl -X PUT -H 'x-c2s-admin: 1' -H 'authorization: Bearer ADMIN_TOKEN' http://HOST:9901/api/kill-switch`;

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
