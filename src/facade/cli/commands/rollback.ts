import { confirm } from '../confirm.ts';
import { print, remark, type Command, type CommonOptions } from '../context.ts';
import { EXIT, usageError } from '../exit.ts';
import { madeText, type FlipAnswer } from './flip.ts';
import { forced, requireWhy, showGuard, type ForceOptions } from '../guard.ts';
import { signature } from '../signature.ts';
import { changeText, type HistoryAnswer } from './history.ts';
import { allVisible } from '../../../http/visible.ts';

export interface RollbackOptions extends CommonOptions, ForceOptions {
  readonly yes?: boolean;
}

interface RollbackAnswer extends FlipAnswer {
  readonly changes: readonly { readonly route: string; readonly from?: unknown; readonly to?: unknown }[];
}

/** Back to before the last flip, or to a revision. Asks the facade what that would change, shows it, and asks. */
export const rollback: Command<RollbackOptions> = async (context, options, [given]) => {
  const revision = given === undefined ? undefined : Number(given);
  if (revision !== undefined && !(Number.isInteger(revision) && revision >= 0)) {
    throw usageError(`"${given}" is no revision; ${context.name} history lists them.`);
  }
  requireWhy(options);
  const asked = { ...(revision === undefined ? {} : { revision }), ...signature(options) };
  const { revision: newest } = await context.admin.get<HistoryAnswer>('/api/history?limit=1');
  const plan = await context.admin.send<RollbackAnswer>('POST', '/api/rollback', { ...asked, dryRun: true });
  if (plan.changes.length === 0) {
    print(context, plan, () => 'Nothing to roll back: that is what serves already.');
    return EXIT.ok;
  }
  remark(
    context,
    allVisible(plan.changes)
      .map(({ route, from, to }) => `${route}  ${changeText(from, to)}`)
      .join('\n'),
  );
  showGuard(context, plan, options);
  if (!(await confirm(context, 'Roll back?', options.yes))) return EXIT.usage;
  const order = { ...asked, ...forced(options), expectRevision: newest };
  const done = await context.admin.send<RollbackAnswer>('POST', '/api/rollback', order);
  print(context, done, (answer) => madeText(context, 'Rolled back', answer));
  return EXIT.ok;
};
