import { mendOf, type FlipCheck } from '../steer/flip-guard.ts';
import { allVisible, hasVisible } from '../../http/visible.ts';
import { print, remark, type Context } from './context.ts';
import { CliError, EXIT, usageError } from './exit.ts';

/** What the facade says of a flip before it is made (steer/flip-guard.ts), and whether it may be asked for. */

export interface ForceOptions {
  readonly force?: boolean;
  readonly why?: string;
}

/** @throws CliError for force without a reason: the history would not say why the evidence was overruled. */
export function requireWhy({ force, why }: ForceOptions): void {
  if (force && !hasVisible(why ?? '')) throw usageError('--force wants a reason for the history: add --why TEXT.');
}

/** As the admin API wants it. */
export const forced = ({ force }: ForceOptions): { force?: true } => (force ? { force: true } : {});

/** What a dry run answers; a facade of an older version says nothing of the evidence. */
interface Plan {
  readonly guard?: readonly FlipCheck[];
}

/** Shows what the evidence says. @throws CliError where the flip needs force and has none: nothing is asked then. */
export function showGuard(context: Context, plan: Plan, { force, why }: ForceOptions): void {
  const checks = allVisible(plan.guard ?? []);
  const text = guardText(context, checks);
  if (text !== '') remark(context, text);
  const held = checks.filter(({ needsForce }) => needsForce.length > 0);
  if (held.length === 0 || force) return;
  if (context.json) print(context, { ...plan, refused: true }, () => '');
  const sentences = byText(held.map(({ route, needsForce }) => ({ route, text: needsForce.join('; ') }))).map(
    ({ routes, text }) => `--force is needed for ${routes}: ${text}`,
  );
  const missing = hasVisible(why ?? '') ? '--force' : '--force and --why TEXT';
  const remedy = `Nothing was changed. ${mendOf(held, `"${context.name} parity"`)}, or add ${missing}.`;
  throw new CliError(EXIT.problems, [...sentences, remedy].join('\n'));
}

function guardText({ style }: Context, checks: readonly FlipCheck[]): string {
  const said = checks.flatMap(({ route, verdict, because, warnings, gatewayLacksOperation, gatewayTrouble }) => [
    ...(UNTOLD.has(verdict) ? [] : [{ route, text: `parity: ${[verdict, ...because].join(', ')}` }]),
    ...(gatewayLacksOperation ? [{ route, text: LACKS }] : []),
    ...(gatewayTrouble ? [{ route, text: gatewayTrouble.text }] : []),
    ...warnings.map(({ message, remedy }) => ({ route, text: `${style.yellow('warn')} ${message}; ${remedy}` })),
  ]);
  return byText(said)
    .map(({ routes, text }) => `${routes}  ${text}`)
    .join('\n');
}

/** How many routes a line names. */
const MAX_NAMED = 3;

/** Of many routes most say the same. */
function byText(said: readonly { readonly route: string; readonly text: string }[]) {
  return [...Map.groupBy(said, ({ text }) => text)].map(([text, of]) => {
    const named = of.slice(0, MAX_NAMED).map(({ route }) => route);
    const more = of.length > named.length ? ` and ${of.length - named.length} more` : '';
    return { routes: `${named.join(', ')}${more}`, text };
  });
}

/** Verdicts that say nothing. */
const UNTOLD: ReadonlySet<FlipCheck['verdict']> = new Set(['one endpoint', 'not asked']);
const LACKS = 'the gateway answered last that it does not have this operation';
