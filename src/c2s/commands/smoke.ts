import { BASE_URL_REMEDY, baseUrlFault, normalBaseUrl } from '../../http/base-url.ts';
import { print, type Command, type CommonOptions, type Context } from '../../facade/cli/context.ts';
import { EXIT, usageError } from '../../facade/cli/exit.ts';
import { instant, milliseconds } from '../../facade/cli/format.ts';
import { smoke as runChecks, type SmokeResult } from './smoke-checks.ts';

export interface SmokeOptions extends CommonOptions {
  readonly token?: string;
  readonly lead?: string;
  readonly message?: string;
  readonly write?: boolean;
  /** The default; its former name stands in runbooks. */
  readonly readOnly?: boolean;
}

/** Exit code 1 when a check failed, 3 when nothing answers at the URL. */
export const smoke: Command<SmokeOptions> = async (context, options, [given = '']) => {
  const { write = false } = options;
  if (write && options.readOnly) throw usageError('Write --write or --read-only, not both.');
  if (!write && options.message !== undefined) throw usageError('--message belongs to --write.');
  const fault = baseUrlFault(given);
  if (fault !== undefined) throw usageError(`The URL ${fault}; ${BASE_URL_REMEDY}.`);
  const setting = (option: string | undefined, name: string): string | undefined =>
    option?.trim() || context.variables[name]?.trim() || undefined;
  const token = setting(options.token, 'SMOKE_TOKEN');
  if (token === undefined) throw usageError('Set SMOKE_TOKEN (or --token) to a token of a known caller.');
  const leadId = setting(options.lead, 'SMOKE_LEAD_ID');
  if (leadId === undefined)
    throw usageError(
      'Set SMOKE_LEAD_ID (or --lead) to a lead of your own. With --write it gets a message, and is enriched.',
    );
  const message = options.message ?? `c2s-facade: check of a deployment, ${instant(context.io.now())}`;
  const target = { url: normalBaseUrl(given), token, leadId, message };
  const results = await runChecks(target, !write, () => performance.now());
  print(context, results, (shown) => render(context, shown, write));
  if (results[0]?.unreachable) return EXIT.unreachable;
  return results.every(({ ok }) => ok) ? EXIT.ok : EXIT.problems;
};

function render({ style }: Context, results: readonly SmokeResult[], write: boolean): string {
  const rows = results.map(({ check, ok, ms, detail }) => {
    const mark = ok ? style.green('ok  ') : style.red('FAIL');
    return `${mark}  ${check.padEnd(14)}  ${milliseconds(ms).padStart(8)}  ${detail}`;
  });
  const failed = results.filter(({ ok }) => !ok).length;
  const verdict = failed === 0 ? style.green(`All ${results.length} checks passed.`) : style.red(`${failed} failed.`);
  const left = write ? [] : [style.dim('Nothing was written. --write also sends a message and enriches the lead.')];
  return [...rows, verdict, ...left].join('\n');
}
