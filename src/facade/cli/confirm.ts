import { remark, type Context } from './context.ts';
import { usageError } from './exit.ts';

/**
 * Asks before something changes. Where nobody can be asked it must be said beforehand: a flip that a script makes by
 * mistake is traffic that moves.
 * @param effect what the command does, where it is not a flip: `This erases personal data`.
 * @throws CliError where nobody can be asked.
 */
export async function confirm(
  context: Context,
  question: string,
  yes: boolean | undefined,
  effect = 'This changes live traffic',
): Promise<boolean> {
  if (yes) return true;
  if (!context.io.canAsk) throw usageError(`${effect}, and there is no terminal to confirm on; add --yes.`);
  const answer = await context.io.ask(`${question} [y/N] `);
  const agreed = /^y(es)?$/i.test(answer.trim());
  if (!agreed) remark(context, 'Nothing was changed.');
  return agreed;
}
