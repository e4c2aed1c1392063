import { migrations } from '../store/migrations/index.ts';
import { parseCpf } from '../enrichment/cpf.ts';
import { createLogs } from '../../http/log.ts';
import { forgetCpf, type Forgotten } from '../store/erase.ts';
import { readEnvironment } from '../../facade/config/environment.ts';
import { openStore } from '../../facade/store/index.ts';
import { StoreUnavailable } from '../../facade/store/unavailable.ts';
import { confirm } from '../../facade/cli/confirm.ts';
import { print, withProduct, type Command, type CommonOptions, type Context } from '../../facade/cli/context.ts';
import { CliError, EXIT, NotRunning, usageError } from '../../facade/cli/exit.ts';
import { count } from '../../facade/cli/format.ts';
import { signature } from '../../facade/cli/signature.ts';

interface EraseOptions extends CommonOptions {
  readonly yes?: boolean;
}

/**
 * A person asks to be forgotten (LGPD, article 18). The CPF is asked for, or read from standard input; never an
 * argument, which every user of the machine can see and the shell keeps. By the running facade; where none answers,
 * in the database itself.
 */
export const erase: Command<EraseOptions> = async (context, { yes }) => {
  const cpf = parseCpf(await context.io.ask('CPF: '));
  if (cpf === undefined) throw usageError('That is no CPF: eleven digits, the last two of which check the others.');
  const question = `Erase all that is stored of the person with the CPF ending in ${cpf.slice(-2)}? It cannot be undone.`;
  if (!(await confirm(context, question, yes, 'This erases personal data'))) return EXIT.usage;
  const forgotten = await byFacade(context, cpf).catch((error: unknown) => {
    if (error instanceof NotRunning) return byStore(context, cpf);
    throw error;
  });
  print(context, forgotten, sentence);
  return EXIT.ok;
};

async function byFacade({ admin }: Context, cpf: string): Promise<Forgotten> {
  return (await admin.send<{ forgotten: Forgotten }>('POST', '/api/people/forget', { cpf, ...signature({}) }))
    .forgotten;
}

async function byStore(context: Context, cpf: string): Promise<Forgotten> {
  const { variables, pair, extension } = await withProduct(context);
  const read = readEnvironment(variables, pair.variables, extension?.variables);
  if (!read.ok) throw usageError(read.problems.join('\n'));
  const { database, dataDir } = read.environment;
  if (database.kind === 'none') throw usageError('DATABASE_URL is none: nothing is kept of anybody');
  const { log } = createLogs('silent', process.stderr);
  const databaseUrl = database.kind === 'url' ? database.url : undefined;
  const store = await openStore({ databaseUrl, dataDir, migrations, log }).catch((error: unknown) => {
    if (error instanceof StoreUnavailable) throw new CliError(EXIT.unreachable, error.message);
    throw error;
  });
  try {
    return await forgetCpf(store.db, cpf, { ...signature({}), via: 'cli, database' });
  } finally {
    await store.close();
  }
}

/** What was erased, by its kind. */
const KINDS: readonly (readonly [kind: keyof Forgotten, one: string, many: string])[] = [
  ['people', 'person', 'people'],
  ['contacts', 'contact', 'contacts'],
  ['addresses', 'address', 'addresses'],
  ['companies', 'company', 'companies'],
  ['rawAnswers', 'raw answer', 'raw answers'],
  ['windows', 'look-up window', 'look-up windows'],
];

/** `Erased: 1 person, 2 contacts. Emptied, and kept so that no message is sent twice: 3 enrichments.` */
function sentence(erased: Forgotten): string {
  // A facade of another version may not count all of them.
  const counts = KINDS.map(([kind, one, many]) => ({ n: erased[kind] ?? 0, one, many })).filter(({ n }) => n > 0);
  const parts = counts.map(({ n, one, many }) => `${n} ${n === 1 ? one : many}`);
  const enrichments = erased.enrichments ?? 0;
  if (parts.length === 0 && enrichments === 0) return 'Nothing was stored about this CPF. The audit has the request.';
  const rows = parts.length === 0 ? 'Nothing to erase.' : `Erased: ${parts.join(', ')}.`;
  const emptied = `Emptied, and kept so that no message is sent twice: ${count(enrichments, 'enrichment')}.`;
  return enrichments === 0 ? rows : `${rows} ${emptied}`;
}
