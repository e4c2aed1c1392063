import { print, type Command, type Context } from '../context.ts';
import { EXIT } from '../exit.ts';

import { renderTable, type Column } from '../table.ts';

/** The burn-down as GET /api/migration serves it, as far as it is shown here. */
interface Migration {
  readonly routes: readonly {
    readonly route: string;
    readonly stage: string;
  }[];
}

const COLUMNS: readonly Column[] = [{ title: 'ROUTE', elastic: true }, { title: 'STAGE' }];

/** How far the migration has come. */
export const migration: Command = async (context) => {
  const found = await context.admin.get<Migration>('/api/migration');
  print(context, found, () => render(context, found));
  return EXIT.ok;
};

function render({ io, style }: Context, { routes }: Migration): string {
  return renderTable(
    COLUMNS,
    routes.map(({ route, stage }) => [route, stage]),
    io.width,
    style,
  );
}
