import { randomBytes } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../../src/facade/store/index.ts';
import { keepRawAnswer, resealRawAnswers } from '../../../../src/c2s/store/raw-answers.ts';
import { Sealer } from '../../../../src/facade/store/seal.ts';
import { cpfOf, testStores } from '../../facade/store/kit.ts';

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];

describe('a sealed text', () => {
  const sealer = new Sealer([oldKey]);

  it('is opened in its context, and says nothing of itself', () => {
    const sealed = sealer.seal('renda: 8500,50', 'a');
    expect(sealer.open(sealed, 'a')).toBe('renda: 8500,50');
    expect(sealed.sealed.includes('renda')).toBe(false);
    expect(sealer.seal('renda: 8500,50', 'a').sealed.equals(sealed.sealed)).toBe(false);
  });

  it('is refused when any part of it was changed, cut or moved', () => {
    const { keyId, sealed } = sealer.seal('text', 'a');
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(() => sealer.open({ keyId, sealed: changed }, 'a')).toThrow(/was changed/);
    }
    expect(() => sealer.open({ keyId, sealed }, 'b')).toThrow(/belongs elsewhere/);
    expect(() => sealer.open({ keyId, sealed: sealed.subarray(0, 27) }, 'a')).toThrow();
    expect(() => sealer.open({ keyId, sealed: Buffer.alloc(0) }, 'a')).toThrow();
  });

  it('is opened by an older key, and not without it', () => {
    const sealed = sealer.seal('text', 'a');
    expect(new Sealer([newKey, oldKey]).open(sealed, 'a')).toBe('text');
    expect(() => new Sealer([newKey]).open(sealed, 'a')).toThrow(/not in DATA_KEY/);
  });

  it('needs keys of 32 bytes', () => {
    expect(() => new Sealer([])).toThrow(RangeError);
    expect(() => new Sealer([randomBytes(16)])).toThrow(RangeError);
  });
});

describe('raw answers', () => {
  const stores = testStores();
  let store: Store;
  beforeAll(async () => {
    store = await stores.open();
  });
  beforeEach(async () => void (await store.pool.query('truncate facade.raw_answers')));
  const readRawAnswer = async (sealer: Sealer, { cpf, source }: typeof which): Promise<string | undefined> => {
    const rows = store.db.selectFrom('raw_answers').selectAll().where('cpf', '=', cpf).where('source', '=', source);
    const row = await rows.executeTakeFirst();
    return row && sealer.open({ keyId: row.key_id, sealed: row.sealed }, `${source} ${cpf}`);
  };
  const which = { cpf: cpfOf(1), source: 'work-api' };

  it('are not kept without a key', async () => {
    expect(await keepRawAnswer(store.db, undefined, { ...which, text: '{}' })).toBe(false);
    expect(await readRawAnswer(new Sealer([oldKey]), which)).toBeUndefined();
  });

  it('are kept, the newest a person, and move to a new key', async () => {
    const before = new Sealer([oldKey]);
    await keepRawAnswer(store.db, before, { ...which, text: 'first' });
    await keepRawAnswer(store.db, before, { ...which, text: 'second' });
    expect(await readRawAnswer(before, which)).toBe('second');
    await keepRawAnswer(store.db, before, { cpf: cpfOf(2), source: 'work-api', text: 'other' });

    const both = new Sealer([newKey, oldKey]);
    expect(await resealRawAnswers(store.db, new Sealer([newKey]))).toBe(0);
    expect(await resealRawAnswers(store.db, both, 1)).toBe(1);
    expect(await resealRawAnswers(store.db, both)).toBe(1);
    expect(await resealRawAnswers(store.db, both)).toBe(0);
    expect(await readRawAnswer(new Sealer([newKey]), which)).toBe('second');
  });

  it('cannot be moved to another person', async () => {
    const sealer = new Sealer([newKey]);
    await keepRawAnswer(store.db, sealer, { cpf: cpfOf(3), source: 'work-api', text: 'mine' });
    await store.db
      .updateTable('raw_answers')
      .set({ cpf: cpfOf(4) })
      .where('cpf', '=', cpfOf(3))
      .execute();
    await expect(readRawAnswer(sealer, { cpf: cpfOf(4), source: 'work-api' })).rejects.toThrow(/elsewhere/);
  });
});
