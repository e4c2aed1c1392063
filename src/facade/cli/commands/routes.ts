import { print, type Command, type CommonOptions } from '../context.ts';
import { EXIT } from '../exit.ts';
import { noSuchRoutes, selectRoutes, type LiveTable } from '../live.ts';
import { renderHeading, renderRoutes } from '../route-table.ts';
import { allVisible } from '../../../http/visible.ts';

export interface RoutesOptions extends CommonOptions {
  readonly stage?: string;
}

/** The table that serves now, with the last minute of both paths. */
export const routes: Command<RoutesOptions> = async (context, { stage }, [text]) => {
  const table = await context.admin.get<LiveTable>('/api/routes');
  const selected = selectRoutes(table.routes, text, stage);
  const { style, io } = context;
  print(context, { ...table, routes: selected }, ({ routes: found }) => {
    const body = found.length === 0 ? noSuchRoutes(text, stage) : renderRoutes(found, io.width, style);
    return `${renderHeading(allVisible(table), style)}\n\n${body}`;
  });
  return EXIT.ok;
};
