import type { Path } from '../../rollout/route.ts';
import { FORCE_HEADER, MAX_FORCE_MS, signForce } from '../../forward/force-header.ts';
import { environmentOf, readConfigFile, requireConfig, type ConfigFile } from '../config-file.ts';
import {
  print,
  remark,
  withProduct,
  type Command,
  type CommonOptions,
  type Context,
  type ProductContext,
} from '../context.ts';
import { CliError, EXIT, usageError } from '../exit.ts';
import { instant } from '../format.ts';
import { parseDuration } from '../../../http/units.ts';

export interface ForceHeaderOptions extends CommonOptions {
  readonly path?: Path;
  readonly route?: string;
  readonly caller?: string;
  /** As typed: `1h`. */
  readonly for?: string;
}

/** Prints the header alone on standard output, ready to paste; what it is good for is a remark beside it. */
export const forceHeader: Command<ForceHeaderOptions> = async (
  given,
  { path, route, caller, for: validFor = '1h' },
) => {
  if (path === undefined) throw usageError('Name the path: --path gateway, or --path direct.');
  if (route === undefined && caller === undefined) {
    throw usageError(
      'Say for whom: --caller ID, --route ID, or both. A header for everybody on every route is not made.',
    );
  }
  if (caller !== undefined && !/^[0-9a-f]{12}$/.test(caller)) {
    throw usageError(`--caller "${caller}" is not a caller: write the twelve digits that the log shows.`);
  }
  const forMs = validity(validFor);
  const context = await withProduct(given);
  const secret = secretOf(context);
  const file = await readConfigFile(context);
  const { routes, server } = requireConfig(file);
  if (route !== undefined && !routes.some(({ id }) => id === route)) {
    throw usageError(`${file.file} has no route "${route}".`);
  }
  const from = context.io.now();
  const until = from + forMs;
  const value = signForce({ path, route, caller, from, until }, secret);
  print(
    context,
    { header: FORCE_HEADER, value, until: new Date(until).toISOString() },
    () => `${FORCE_HEADER}: ${value}`,
  );
  if (!context.json) tell(context, file, server.forceHeader, until);
  return EXIT.ok;
};

/** @returns milliseconds */
function validity(text: string): number {
  let ms = 0;
  try {
    ms = parseDuration(text);
  } catch {
    // What is no duration is told as one that is too short.
  }
  if (ms < 1_000 || ms > MAX_FORCE_MS) throw usageError(`--for "${text}": write a time from 1s to 30d, such as 1h.`);
  return ms;
}

function tell(context: Context, { file }: ConfigFile, isOn: boolean, until: number): void {
  remark(context, `Valid until ${instant(until)}. Whoever has it may use it.`);
  if (!isOn) remark(context, `${file} has server.forceHeader off: the facade ignores the header until it is true.`);
}

function secretOf(context: ProductContext): string {
  const { name, variables } = context;
  const environment = environmentOf(context);
  if (environment?.forceSecret !== undefined) return environment.forceSecret;
  const isSet = (variables['FORCE_HEADER_SECRET'] ?? '') !== '';
  const remedy = isSet
    ? `FORCE_HEADER_SECRET, or another variable, cannot be used: "${name} check" says why.`
    : 'FORCE_HEADER_SECRET is not set. Write the one that the facade has into .env; "openssl rand -hex 24" makes one.';
  throw new CliError(EXIT.problems, remedy);
}
