import type { DatabaseChoice } from '../../config/environment.ts';
import type { Migrations } from '../../store/migrate.ts';
import { fail, ok, warn, type DoctorFinding } from './finding.ts';

/**
 * Is the database there, and of this version? The embedded one belongs to the facade, and is not started for a look.
 * @param others the migrations of an extension.
 */
export async function examineDatabase(
  choice: DatabaseChoice,
  dataDir: string,
  others: (() => Promise<Migrations>) | undefined,
): Promise<DoctorFinding[]> {
  if (choice.kind === 'none')
    return [ok('database', 'none (DATABASE_URL=none): routing works; what needs a store does not')];
  if (choice.kind === 'embedded')
    return [
      ok(
        'database',
        `embedded: the facade runs it under ${dataDir}; one inside of another program has none without DATA_DIR`,
      ),
    ];
  const [{ DatabaseConnection }, { WORK_LIMITS }, { codeOf }, { migrations }, { SCHEMA }] = await Promise.all([
    import('../../store/connection.ts'),
    import('../../store/limits.ts'),
    import('../../../http/error-code.ts'),
    import('../../store/migrations/index.ts'),
    import('../../store/schema.ts'),
  ]);
  const client = new DatabaseConnection({ connectionString: choice.url, limits: WORK_LIMITS });
  try {
    await client.connect();
    await client.query('select 1');
    const { rows: found } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
      `${SCHEMA}.migrations`,
    ]);
    const { rows } = found[0]?.there
      ? await client.query<{ name: string }>(`select name from ${SCHEMA}.migrations`)
      : { rows: [] };
    const applied = rows.map(({ name }) => name);
    return [
      ok('database', 'answers'),
      migrationFinding(Object.keys({ ...migrations, ...(await others?.()) }), applied),
    ];
  } catch (error) {
    // The code alone: the message of a driver may quote the host, the user or more.
    return [fail('database', `cannot be used (${codeOf(error)})`, 'start it, or correct DATABASE_URL')];
  } finally {
    await client.close();
  }
}

/** Tables are brought up to date at every start, so what lacks is no fault; what is unknown is of a newer version. */
function migrationFinding(known: readonly string[], applied: readonly string[]): DoctorFinding {
  const unknown = applied.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    return warn('database tables', `are of a newer version (${unknown.join(', ')})`, 'run the newer version here too');
  }
  const lacking = known.filter((name) => !applied.includes(name));
  if (lacking.length === 0) return ok('database tables', `up to date (${known.at(-1) ?? 'no migrations'})`);
  return warn('database tables', `lack ${lacking.join(', ')}`, 'the facade adds them at its next start');
}
