import type { DecisionRecord, Report } from '../../compare/autopilot/ports.ts';
import { print, type Command, type CommonOptions, type Context } from '../context.ts';
import { EXIT, usageError } from '../exit.ts';
import { instant } from '../format.ts';
import { ofRoute } from '../live.ts';
import { signature } from '../signature.ts';
import { renderTable, type Column } from '../table.ts';

export interface AutopilotCommandOptions extends CommonOptions {
  readonly pause?: boolean;
  readonly resume?: boolean;
  readonly why?: string;
}

/** Between its coming on autopilot and the first look there is nothing but the route. */
type View = Partial<Report> & { readonly route: string; readonly decisions: readonly DecisionRecord[] };

const COLUMNS: readonly Column[] = [
  { title: 'ROUTE', elastic: 2, narrowest: 12 },
  { title: 'MODE' },
  { title: 'PHASE' },
  { title: 'GATEWAY', align: 'right' },
  { title: 'PROPOSES', align: 'right' },
  { title: 'WHY', elastic: 1 },
];
// Nothing elastic here: the numbers are what is asked for.
const GATES: readonly Column[] = [{ title: 'GATE' }, { title: 'STATE' }, { title: 'NUMBERS' }];
const DECISIONS: readonly Column[] = [{ title: 'WHEN' }, { title: 'DECISION' }, { title: 'WHY', elastic: 1 }];

/** What the autopilot sees and wants; of one route with its gates, its proposal as a diff, and what it did. */
export const autopilot: Command<AutopilotCommandOptions> = async (context, { pause, resume, why }, [id]) => {
  if (pause && resume) throw usageError('Write --pause or --resume, not both.');
  const order = pause ? 'pause' : resume ? 'resume' : undefined;
  if (order === undefined && why !== undefined) throw usageError('--why belongs to --pause and --resume.');
  if (id === undefined) {
    if (order !== undefined) throw usageError(`Name the route to ${order}.`);
    const { routes } = await context.admin.get<{ routes: readonly Report[] }>('/api/autopilot');
    print(context, routes, (shown) => renderAll(context, shown));
    return EXIT.ok;
  }
  const path = `/api/autopilot/${encodeURIComponent(id)}`;
  const { admin } = context;
  const ordered = () => admin.send<View>('POST', `${path}/${order}`, signature(why === undefined ? {} : { why }));
  const view = await ofRoute(context, id, order === undefined ? () => admin.get<View>(path) : ordered);
  print(context, view, (shown) => renderOne(context, shown, view.proposal?.diff));
  return EXIT.ok;
};

function renderAll({ io, style }: Context, routes: readonly Report[]): string {
  if (routes.length === 0) return 'No route is on autopilot; "autopilot: {}" in a route of the config file begins.';
  const rows = routes.map(({ route, mode, phase, gateway, proposal, why }) => {
    return [route, mode, phase, `${gateway} %`, proposal ? `${proposal.gateway} %` : '', why];
  });
  return renderTable(COLUMNS, rows, io.width, style);
}

/** @param diff of the proposal, whose lines are its own. */
function renderOne(
  { io, style }: Context,
  { route, phase, mode, gateway, why, evidence, ...view }: View,
  diff = '',
): string {
  if (phase === undefined || evidence === undefined) return `${route} is on autopilot, and was not looked at yet.`;
  const { proposal, decisions } = view;
  const gates = Object.entries(evidence.gates).map(([name, gate]) => [name, gate.state, gate.why]);
  const parts = [
    `${style.bold(route)}: ${phase} at ${gateway} %, mode ${mode}`,
    `  ${why}`,
    '',
    renderTable(GATES, gates, io.width, style),
  ];
  if (proposal) {
    parts.push('', `It proposes ${proposal.gateway} %:`, `  ${proposal.command}`, '', diff.trimEnd());
  }
  if (decisions.length > 0) {
    const rows = decisions.map(({ at, decision, from, to, why: because }) => {
      return [instant(at), from === to ? decision : `${decision} ${from} → ${to} %`, because];
    });
    parts.push('', renderTable(DECISIONS, rows, io.width, style));
  }
  return parts.join('\n');
}
