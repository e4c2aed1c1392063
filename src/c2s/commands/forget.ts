import { migrations } from '../store/migrations/index.ts';
import { parseCpf } from '../enrichment/cpf.ts';
import { createLogs } from '../../http/log.ts';
import { forgetCpf, type Forgotten } from '../store/erase.ts';
import { readEnvironment } from '../../facade/config/environment.ts';
import { openStore } from '../../facade/store/index.ts';
import { StoreUnavailable } from '../../facade/store/unavailable.ts';
import { print, withProduct, type Command, type Context } from '../../facade/cli/context.ts';
import { CliError, EXIT, NotRunning, usageError } from '../../facade/cli/exit.ts';
import { signature } from '../../facade/cli/signature.ts';

/**
 * A person asks to be forgotten (LGPD, article 18). The CPF is asked for, or read from standard input; never an
 * argument, which every user of the machine can see and the shell keeps. By the running facade; where none answers,
 * in the database itself.
 */
export const forget: Command = async (context) => {
  const cpf = parseCpf(await context.io.ask('CPF: '));
  if (cpf === undefined) throw usageError('That is no CPF: eleven digits, the last two of which check the others');
  const forgotten = await byFacade(context, cpf).catch((error: unknown) => {
    if (error instanceof NotRunning) return byStore(context, cpf);
    throw error;
  });
  print(context, forgotten, () => sentence(forgotten));
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

function sentence({ people, contacts, addresses, companies, rawAnswers, enrichments }: Forgotten): string {
  const rows = contacts + addresses + companies + rawAnswers;
  if (people + rows + enrichments === 0) return 'Nothing was kept about this CPF.';
  return `Forgotten: ${people} person, ${rows} rows that belonged to it; ${enrichments} enrichments hold nothing of it any more.`;
}
