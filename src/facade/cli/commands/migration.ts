import { print, type Command, type Context } from '../context.ts';
import { EXIT } from '../exit.ts';
import { ago, percent } from '../format.ts';
import { renderTable, type Column } from '../table.ts';

/** The burn-down of GET /api/migration, as far as it is shown here. Times are ISO 8601. */
export interface MigrationView {
  readonly observedSince: string;
  readonly killSwitch: boolean;
  readonly stages: Readonly<Record<string, number>>;
  readonly lastDay: ServedView;
  /** A facade of an older version leaves it out. */
  readonly oldPaths?: { readonly safeToDelete: number; readonly of: number };
  readonly days: readonly ({ readonly day: string } & ServedView)[];
  readonly routes: readonly {
    readonly id: string;
    readonly stage: string;
    readonly days: number;
    readonly gateway: number;
    readonly lastDay: ServedView;
    readonly verdict?: string;
    readonly lastDirectUse: string | null;
    readonly safeToDeleteSince: string | null;
    /** A facade of an older version leaves it out. */
    readonly missing?: readonly string[];
  }[];
}

interface ServedView {
  readonly direct: number;
  readonly gateway: number;
  /** Of the gateway, 0 to 1; null: nothing was served. */
  readonly share: number | null;
}

/** Below this many columns there is no room for the verdict, which `parity` shows too. */
const WIDE = 100;

const columnsFor = (isWide: boolean): Column[] => [
  { title: 'ROUTE', elastic: 1 },
  { title: 'STAGE' },
  { title: 'DAYS', align: 'right' },
  { title: 'SET', align: 'right' },
  { title: 'SHARE 24H', align: 'right' },
  ...(isWide ? [{ title: 'PARITY' }] : []),
  { title: isWide ? 'LAST USE OF DIRECT' : 'DIRECT' },
  { title: 'DELETABLE' },
];

/** How many of the newest days are drawn, and how wide a whole day is. */
const DAYS_SHOWN = 14;
const BAR = 30;

/** How far the migration has come, route by route and day by day. */
export const migration: Command = async (context) => {
  const found = await context.admin.get<MigrationView>('/api/migration');
  print(context, found, (shown) => render(context, shown));
  return EXIT.ok;
};

function render({ io, style }: Context, found: MigrationView): string {
  const now = io.now();
  const isWide = io.width >= WIDE;
  const rows = found.routes.map((route) => [
    route.id,
    route.stage,
    String(route.days),
    percent(route.gateway),
    shareText(route.lastDay),
    ...(isWide ? [route.verdict ?? '–'] : []),
    route.lastDirectUse === null ? 'not seen' : ago(route.lastDirectUse, now),
    route.safeToDeleteSince === null
      ? '–'
      : style.green(`${isWide ? 'since ' : ''}${route.safeToDeleteSince.slice(0, 10)}`),
  ]);
  const stages = Object.entries(found.stages)
    .filter(([, n]) => n > 0)
    .map(([stage, n]) => `${n} ${stage}`);
  const heading = [
    `Of the last 24 hours ${shareText(found.lastDay)} by the gateway · observed since ${found.observedSince.slice(0, 10)}`,
    stages.join(', '),
    ...(found.oldPaths ? [`${found.oldPaths.safeToDelete} of ${found.oldPaths.of} old paths can be deleted`] : []),
  ];
  // Of the others it is plain: the gateway has not all of them yet.
  const waiting = found.routes
    .filter(({ gateway, missing = [] }) => gateway === 100 && missing.length > 0)
    .map(({ id, missing = [] }) => `${id} is not deletable yet: ${missing.join('; ')}`);
  const days = found.days.slice(-DAYS_SHOWN).map((day) => {
    const filled = Math.round((day.share ?? 0) * BAR);
    return `${day.day}  ${style.green('█'.repeat(filled))}${style.dim('░'.repeat(BAR - filled))}  ${shareText(day)}`;
  });
  const killed = found.killSwitch ? [style.bold(style.red('KILL SWITCH ON: every route is direct'))] : [];
  const table = renderTable(columnsFor(isWide), rows, io.width, style);
  return [
    ...heading,
    ...killed,
    '',
    table,
    ...(waiting.length > 0 ? ['', ...waiting] : []),
    ...(days.length > 0 ? ['', ...days] : []),
  ].join('\n');
}

const shareText = ({ share }: ServedView) => (share === null ? '–' : percent(share * 100));
