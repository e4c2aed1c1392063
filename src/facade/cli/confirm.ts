import { remark, type Context } from './context.ts';
import { usageError } from './exit.ts';

/**
 * Asks before something changes. Where nobody can be asked it must be said beforehand: a flip that a script makes by
 * mistake is traffic that moves.
 * @throws CliError where nobody can be asked.
 */
export async function confirm(context: Context, question: string, yes: boolean | undefined): Promise<boolean> {
  if (yes) return true;
  if (!context.io.canAsk) throw usageError('This changes what serves, and nobody can be asked here; add --yes.');
  const answer = await context.io.ask(`${question} [y/N] `);
  const agreed = /^y(es)?$/i.test(answer.trim());
  if (!agreed) remark(context, 'Nothing was changed.');
  return agreed;
}
