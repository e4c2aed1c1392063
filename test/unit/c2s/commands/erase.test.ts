import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pc from 'picocolors';
import { migrations } from '../../../../src/c2s/store/migrations/index.ts';
import type { AdminClient } from '../../../../src/facade/cli/admin-client.ts';
import type { Context } from '../../../../src/facade/cli/context.ts';
import { erase } from '../../../../src/c2s/commands/erase.ts';
import { CliError, EXIT, NotRunning } from '../../../../src/facade/cli/exit.ts';
import { openStore } from '../../../../src/facade/store/index.ts';
import { PRODUCT } from '../../../../src/c2s/product.ts';
import { storePerson } from '../../../../src/c2s/store/people.ts';
import { startPostgres, type TestPostgres } from '../../../e2e/kit/postgres.ts';
import { cpfOf, log, readPerson } from '../../facade/store/kit.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

const CPF = cpfOf(123_456_789);
const NONE = { people: 0, contacts: 0, addresses: 0, companies: 0, rawAnswers: 0, windows: 0, enrichments: 0 };

function contextOf(answer: string, send: AdminClient['send'], databaseUrl = 'none') {
  const printed: string[] = [];
  const io = { ask: async () => answer, out: (text: string) => void printed.push(text) };
  const variables = { DATABASE_URL: databaseUrl };
  const product = () => Promise.resolve(PRODUCT);
  const context = { io, style: pc, json: false, variables, product, admin: { send } } as unknown as Context;
  return { context, printed };
}

describe('erase', () => {
  it('has the running facade do it, with the CPF in the body alone', async () => {
    const sent: unknown[] = [];
    const send = async (...args: unknown[]) => {
      sent.push(args);
      return { forgotten: { ...NONE, people: 1, contacts: 2, enrichments: 3 } };
    };
    const { context, printed } = contextOf(` ${CPF} `, send as unknown as AdminClient['send']);
    expect(await erase(context, { yes: true }, [])).toBe(EXIT.ok);
    expect(sent).toEqual([['POST', '/api/people/forget', { cpf: CPF, who: userInfo().username }]]);
    expect(printed.join('')).toBe(
      'Erased: 1 person, 2 contacts. Emptied, and kept so that no message is sent twice: 3 enrichments.\n',
    );
  });

  it('opens the database where no facade runs', async () => {
    const databaseUrl = await postgres.createDatabase();
    const store = await openStore({ databaseUrl, dataDir: 'unused', migrations, log });
    await storePerson(store.db, { cpf: CPF, economics: {}, emails: [], phones: [], addresses: [], companies: [] });
    const send = () => Promise.reject(new NotRunning('nobody'));
    const { context, printed } = contextOf(CPF, send, databaseUrl);
    expect(await erase(context, { yes: true }, [])).toBe(EXIT.ok);
    expect(printed.join('')).toContain('Erased: 1 person');
    expect(await readPerson(store.db, CPF)).toBeUndefined();
    await store.close();
  });

  it('asks nobody about what is no CPF, and passes on what went wrong', async () => {
    const refused = new CliError(EXIT.problems, 'refused');
    const send = () => Promise.reject(refused);
    await expect(async () => erase(contextOf('12345678900', send).context, {}, [])).rejects.toThrow('no CPF');
    await expect(async () => erase(contextOf(CPF, send).context, { yes: true }, [])).rejects.toBe(refused);
  });

  /** @param yes what is answered to whether it is meant; undefined: nobody can be asked. */
  const asked = (yes: string | undefined) => {
    const sent: unknown[] = [];
    const questions: string[] = [];
    const send = async (...args: unknown[]) => {
      sent.push(args);
      return { forgotten: NONE };
    };
    const { context, printed } = contextOf(CPF, send as unknown as AdminClient['send']);
    const ask = async (question: string) => {
      questions.push(question);
      return question.startsWith('CPF') ? CPF : (yes ?? '');
    };
    const io = { ...context.io, ask, canAsk: yes !== undefined, err: () => undefined };
    return { context: { ...context, io } as Context, printed, sent, questions };
  };

  it('asks whether it is meant, shows no more of the CPF than its last two digits, and erases nothing at no', async () => {
    const no = asked('n');
    expect(await erase(no.context, {}, [])).toBe(EXIT.usage);
    expect([no.sent, no.printed]).toEqual([[], []]);
    expect(no.questions[1]).toContain(`ending in ${CPF.slice(-2)}? It cannot be undone.`);
    expect(no.questions.join()).not.toContain(CPF.slice(0, -2));
    const yes = asked('y');
    expect(await erase(yes.context, {}, [])).toBe(EXIT.ok);
    expect(yes.sent).toHaveLength(1);
    expect(yes.printed.join('')).toBe('Nothing was stored about this CPF. The audit has the request.\n');
  });

  it('refuses where nobody can be asked', async () => {
    const { context, sent } = asked(undefined);
    await expect(async () => erase(context, {}, [])).rejects.toThrow(
      'This erases personal data, and there is no terminal',
    );
    expect(sent).toEqual([]);
  });
});
