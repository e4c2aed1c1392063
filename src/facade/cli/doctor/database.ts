import type { DatabaseChoice } from '../../config/environment.ts';
import type { DatabaseConnection } from '../../store/connection.ts';
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
  const [
    { DatabaseConnection: Connection },
    { WORK_LIMITS },
    { explainDatabaseError },
    { readOnlyFault },
    { migrations },
    { SCHEMA },
  ] = await Promise.all([
    import('../../store/connection.ts'),
    import('../../store/limits.ts'),
    import('../../store/explain-error.ts'),
    import('../../store/read-only.ts'),
    import('../../store/migrations/index.ts'),
    import('../../store/schema.ts'),
  ]);
  const client = new Connection({ connectionString: choice.url, limits: WORK_LIMITS });
  try {
    await client.connect();
    const onlyReads = await readOnlyFault(client);
    const { rows: found } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
      `${SCHEMA}.migrations`,
    ]);
    const { rows } = found[0]?.there
      ? await client.query<{ name: string }>(`select name from ${SCHEMA}.migrations`)
      : { rows: [] };
    const applied = rows.map(({ name }) => name);
    const answers = onlyReads ? fail('database', onlyReads.text, onlyReads.remedy) : ok('database', 'answers');
    const refused = onlyReads ? undefined : await schemaFinding(client, SCHEMA);
    return [answers, refused ?? migrationFinding(Object.keys({ ...migrations, ...(await others?.()) }), applied)];
  } catch (error) {
    const { text, remedy } = explainDatabaseError(error, { name: 'DATABASE_URL', url: choice.url });
    return [fail('database', text, remedy)];
  } finally {
    await client.close();
  }
}

/** Where there is no schema yet: whether this role may create it. */
async function schemaFinding(client: DatabaseConnection, schema: string): Promise<DoctorFinding | undefined> {
  const { rows } = await client.query<{ database: string; role: string; isAllowed: boolean }>(
    `select quote_ident(current_database()) as database, quote_ident(current_user) as role,
       to_regnamespace($1) is not null or has_database_privilege(current_database(), 'create') as "isAllowed"`,
    [schema],
  );
  const [found] = rows;
  if (!found || found.isAllowed) return undefined;
  const { database, role } = found;
  const text = `cannot be created: ${role} has no right to create a schema in ${database}`;
  return fail(
    'database tables',
    text,
    `run, as the owner of the database: grant create on database ${database} to ${role}`,
  );
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
