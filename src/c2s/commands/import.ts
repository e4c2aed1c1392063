import { codeOf } from '../../http/error-code.ts';
import { createLogs } from '../../http/log.ts';
import { databaseUrlFault } from '../../facade/config/database-url.ts';
import { readEnvironment } from '../../facade/config/environment.ts';
import { confirm } from '../../facade/cli/confirm.ts';
import { print, withProduct, type Command, type CommonOptions, type Context } from '../../facade/cli/context.ts';
import { CliError, EXIT, usageError } from '../../facade/cli/exit.ts';
import { instant } from '../../facade/cli/format.ts';
import { signature } from '../../facade/cli/signature.ts';
import { openStore, type Store } from '../../facade/store/index.ts';
import { databaseErrorText } from '../../facade/store/explain-error.ts';
import { StoreUnavailable } from '../../facade/store/unavailable.ts';
import { importOld, type ImportReport, type ReadTable } from '../import/import.ts';
import { OldDatabase } from '../import/old-database.ts';
import { migrations } from '../store/migrations/index.ts';

interface ImportOptions extends CommonOptions {
  readonly from?: string;
  readonly days?: number;
  readonly apply?: boolean;
}

const MAX_DAYS = 3_650;

/** Takes over what the enrichment service before this one has done; without --apply it only says what that would be. */
export const importCommand: Command<ImportOptions> = async (context, { from, days = 30, apply = false }) => {
  if (!Number.isInteger(days) || days < 1 || days > MAX_DAYS)
    throw usageError(`--days: write a whole number from 1 to ${MAX_DAYS}.`);
  const address = await addressOf(context, from);
  const store = await openOurs(context);
  try {
    const run = (forGood: boolean): Promise<ImportReport> => importFrom(address, days, store, forGood);
    const report = await run(apply);
    print(context, report, (shown) => render(context, shown, days));
    if (!apply && !context.json && context.io.canAsk && (await confirm(context, 'Take this over now?', false)))
      print(context, await run(true), (shown) => render(context, shown, days));
    return EXIT.ok;
  } finally {
    await store.close();
  }
};

/** Never shown again: it holds a password. */
async function addressOf({ io, variables }: Context, from: string | undefined): Promise<string> {
  const given = from === '-' ? await io.ask('URL of the old database: ') : (from ?? variables['IMPORT_FROM'] ?? '');
  const address = given.trim();
  if (address === '') throw usageError('Name the old database: IMPORT_FROM=postgres://…, or --from - to be asked.');
  const fault = databaseUrlFault(address);
  if (fault !== undefined) throw usageError(`The address of the old database: ${fault}.`);
  return address;
}

async function openOurs(context: Context): Promise<Store> {
  const { variables, pair, extension } = await withProduct(context);
  const read = readEnvironment(variables, pair.variables, extension?.variables);
  if (!read.ok) throw usageError(read.problems.join('\n'));
  const { database, dataDir } = read.environment;
  if (database.kind === 'none') throw usageError('DATABASE_URL is none: there is nothing to import into');
  const { log } = createLogs('silent', process.stderr);
  const databaseUrl = database.kind === 'url' ? database.url : undefined;
  return openStore({ databaseUrl, dataDir, migrations, log }).catch((error: unknown) => {
    if (!(error instanceof StoreUnavailable)) throw error;
    const remedy =
      databaseUrl === undefined
        ? ' The embedded database has one owner at a time: stop the facade that runs on it first.'
        : '';
    throw new CliError(EXIT.unreachable, `${error.message.replace(/\.$/, '')}.${remedy}`);
  });
}

async function importFrom(address: string, days: number, store: Store, forGood: boolean): Promise<ImportReport> {
  let old: OldDatabase | undefined;
  try {
    old = await OldDatabase.open(address, days);
    return await importOld(old, store, forGood, { ...signature({}), via: 'cli, database' });
  } catch (error) {
    // The code alone: what the server says of a statement may quote a value.
    const told = old
      ? `The import broke off (${codeOf(error)}): what was taken stays; run it again, and nothing is taken twice`
      : `The old database: ${databaseErrorText(error, { name: 'its address', url: address })}`;
    throw new CliError(EXIT.unreachable, `${told}.`);
  } finally {
    await old?.close();
  }
}

function render({ style }: Context, { applied, tables, taken }: ImportReport, days: number): string {
  const lines = Object.entries(taken).map(
    ([name, { added, known }]) =>
      `${name.padEnd(16)} ${String(added).padStart(8)} new ${String(known).padStart(8)} there already`,
  );
  const verdict = applied
    ? style.green('Taken over. Run it again right before the switch: only what is new is added.')
    : style.yellow('Nothing was changed: this is what --apply would do.');
  return [`The last ${days} days of the old database:`, ...tables.flatMap(tableLines), '', ...lines, '', verdict].join(
    '\n',
  );
}

function tableLines({ table, isReadable, rows, oldest, newest, remarks }: ReadTable): string[] {
  if (!isReadable) return [`${table}: not there, not readable, or without the columns that its rows are known by`];
  const span = oldest && newest ? `, ${instant(oldest)} to ${instant(newest)}` : '';
  return [`${table}: ${rows} rows${span}`, ...Object.entries(remarks).map(([why, count]) => `  ${count} ${why}`)];
}
