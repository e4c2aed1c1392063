import { type Command, type CommonOptions, type Context } from '../context.ts';
import { CliError, EXIT, usageError, type ExitCode } from '../exit.ts';
import { activeFirst, noSuchRoutes, selectRoutes, type LiveTable } from '../live.ts';
import { renderHeading, renderRoutes } from '../route-table.ts';
import { columnsOf, openScreen, type Frame } from '../screen.ts';
import { allVisible } from '../../../http/visible.ts';

export interface WatchCommandOptions extends CommonOptions {
  readonly stage?: string;
}

/** Milliseconds between two looks. */
const EVERY = 1_000;

/** `routes`, live. A facade that is away for a moment is told of and waited for: one watches through a restart. */
export const watch: Command<WatchCommandOptions> = async (context, { stage }, [text]) => {
  if (context.json || !context.io.isTerminal) {
    throw usageError(`watch needs a terminal; for scripts there is "${context.name} routes --json".`);
  }
  // What is wrong with the command line or the token is said before the screen is taken.
  selectRoutes((await context.admin.get<LiveTable>('/api/routes')).routes, text, stage);
  return new Promise<ExitCode>((resolve) => {
    const screen = openScreen(() => {
      clearTimeout(timer);
      resolve(EXIT.ok);
    });
    let timer: NodeJS.Timeout | undefined;
    const look = async (): Promise<void> => {
      const { head, body } = await frame(context, text, stage);
      if (!screen.isOpen) return;
      const { shown } = context.io;
      screen.show({ head: head.map(shown), body: body.map(shown) });
      timer = setTimeout(() => void look(), EVERY);
    };
    void look();
  });
};

async function frame({ admin, io, style, name }: Context, text?: string, stage?: string): Promise<Frame> {
  const time = new Date(io.now()).toTimeString().slice(0, 8);
  const title = `${style.bold(name)} ${admin.url} · ${time} · ${style.dim('q quits')}`;
  try {
    const table = allVisible(await admin.get<LiveTable>('/api/routes', 2 * EVERY));
    const selected = selectRoutes(table.routes, text, stage);
    const width = columnsOf(process.stdout);
    const above = [title, ...renderHeading(table, style).split('\n'), ''];
    if (selected.length === 0) return { head: above, body: [noSuchRoutes(text, stage)] };
    const [columns = '', ...lines] = renderRoutes(activeFirst(selected), width, style).split('\n');
    return { head: [...above, columns], body: lines };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { head: [title, ''], body: error.message.split('\n').map(style.red) };
  }
}
