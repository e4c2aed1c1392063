import { print, type Command, type CommonOptions, type Context } from '../context.ts';
import { EXIT } from '../exit.ts';
import { ago } from '../format.ts';
import { signature } from '../signature.ts';
import { renderTable, type Column } from '../table.ts';

export interface NotifyCommandOptions extends CommonOptions {
  readonly test?: boolean;
}

interface Target {
  readonly target: string;
  readonly events: readonly string[];
  readonly isSigned: boolean;
  readonly isFailing: boolean;
  /** The last post; null: none yet. Left out by a facade of an older version. */
  readonly last?: { readonly at: string; readonly answer: string } | null;
}

interface Tested {
  readonly target: string;
  readonly isDelivered: boolean;
  /** A status, or what went wrong. */
  readonly answer: string;
}

const TARGETS: readonly Column[] = [
  { title: 'TARGET' },
  { title: 'STATE' },
  { title: 'SIGNED' },
  { title: 'EVENTS', elastic: 1 },
];
const TESTED: readonly Column[] = [{ title: 'TARGET' }, { title: 'TEST' }, { title: 'ANSWER' }];
const NONE = 'Nobody is told: notify in the rollout table lists who is.';

/** Who is told of what changes; with --test each is posted something, past the queue. */
export const notify: Command<NotifyCommandOptions> = async (context, { test = false }) => {
  if (test) return sendTest(context);
  const { targets } = await context.admin.get<{ targets: readonly Target[] }>('/api/notify');
  print(context, targets, (shown) => renderTargets(context, shown));
  return EXIT.ok;
};

async function sendTest(context: Context) {
  const body = { who: signature({}).who };
  const { targets } = await context.admin.send<{ targets: readonly Tested[] }>('POST', '/api/notify/test', body);
  print(context, targets, (shown) => renderTested(context, shown));
  return targets.every(({ isDelivered }) => isDelivered) ? EXIT.ok : EXIT.problems;
}

function renderTargets({ io, style }: Context, targets: readonly Target[]): string {
  if (targets.length === 0) return NONE;
  const rows = targets.map((one) => {
    return [one.target, stateOf(one, io.now()), one.isSigned ? 'yes' : 'no', one.events.join(', ')];
  });
  return renderTable(TARGETS, rows, io.width, style);
}

/** `ok, 3m ago`, `failing: 404`; of a target that nothing was posted to nobody knows. */
function stateOf({ isFailing, last }: Target, now: number): string {
  if (last === null) return 'not tried';
  if (isFailing) return last ? `failing: ${last.answer}` : 'failing';
  return last ? `ok, ${ago(last.at, now)}` : 'ok';
}

function renderTested({ io, style }: Context, targets: readonly Tested[]): string {
  if (targets.length === 0) return NONE;
  const rows = targets.map(({ target, isDelivered, answer }) => [
    target,
    isDelivered ? style.green('delivered') : style.red('not taken'),
    answer,
  ]);
  return renderTable(TESTED, rows, io.width, style);
}
