import { describe, expect, it, beforeAll } from 'vitest';
import { storePerson } from '../../../../src/c2s/store/people.ts';
import type { Person } from '../../../../src/c2s/store/person.ts';
import type { Store } from '../../../../src/facade/store/index.ts';
import { cpfOf, readPerson, testStores } from '../../facade/store/kit.ts';

const stores = testStores();
let store: Store;
beforeAll(async () => {
  store = await stores.open();
});

const person = (cpf: string, more: Partial<Person> = {}): Person => ({
  cpf,
  name: 'Fulana de Tal',
  birthDate: '15/05/1985',
  economics: { income: { text: '8500,50', value: 8500.5 }, score: '712' },
  emails: ['fulana@example.com', 'outra@example.com'],
  phones: [{ number: '11987654321', isWhatsapp: true }],
  addresses: [{ street: 'das Flores', number: '10', city: 'São Paulo', state: 'SP', postalCode: '01000000' }],
  companies: [{ cnpj: '00000000000191', relation: 'SOCIO' }],
  ...more,
});

describe('a stored person', () => {
  it('is read back as it came, in its order', async () => {
    const cpf = cpfOf(1);
    await storePerson(store.db, person(cpf));
    expect(await readPerson(store.db, cpf)).toMatchObject({
      cpf,
      name: 'Fulana de Tal',
      birth_date: '1985-05-15',
      income: 8500.5,
      income_text: '8500,50',
      score: '712',
      mother_name: null,
      contacts: [
        { kind: 'phone', value: '11987654321', is_whatsapp: true },
        { kind: 'email', value: 'fulana@example.com' },
        { kind: 'email', value: 'outra@example.com' },
      ],
      addresses: [{ street: 'das Flores', complement: null }],
      companies: [{ cnpj: '00000000000191' }],
    });
    expect(await readPerson(store.db, cpfOf(2))).toBeUndefined();
  });

  it('is one row a CPF: a newer answer wins by field, and what it does not know stays', async () => {
    const cpf = cpfOf(3);
    const id = await storePerson(store.db, person(cpf));
    const newer = person(cpf, {
      name: 'Fulana da Silva',
      birthDate: '00/00/0000',
      economics: {},
      emails: ['nova@example.com', 'fulana@example.com'],
    });
    expect(await storePerson(store.db, newer)).toBe(id);
    const stored = await readPerson(store.db, cpf);
    expect(stored).toMatchObject({ name: 'Fulana da Silva', birth_date: '1985-05-15', income: 8500.5 });
    expect(stored?.contacts.map(({ value }) => value).toSorted()).toEqual(
      ['11987654321', 'fulana@example.com', 'nova@example.com', 'outra@example.com'].toSorted(),
    );
    expect([stored?.addresses.length, stored?.companies.length]).toEqual([1, 1]);
  });

  it('may come with repetitions, gaps and characters that Postgres refuses', async () => {
    const cpf = cpfOf(4);
    const address = { street: 'Rua\0 A' };
    await storePerson(
      store.db,
      person(cpf, {
        name: 'No\0me',
        birthDate: '31/02/1990',
        emails: ['a@example.com', 'a@example.com', ' '],
        phones: [],
        addresses: [address, address, {}],
        companies: [{ relation: 'X' }, { relation: 'X' }],
      }),
    );
    const stored = await readPerson(store.db, cpf);
    expect(stored).toMatchObject({ name: 'Nome', birth_date: null, contacts: [{ value: 'a@example.com' }] });
    expect(stored?.addresses.map(({ street }) => street)).toEqual(['Rua A', null]);
    expect(stored?.companies).toHaveLength(1);
  });

  it('is stored by twenty at once without a deadlock and without a double', async () => {
    const cpf = cpfOf(5);
    const many = Array.from({ length: 20 }, (_, i) => {
      const emails = ['x@example.com', 'y@example.com', 'z@example.com'];
      return person(cpf, { emails: i % 2 === 0 ? emails : emails.toReversed() });
    });
    const ids = await Promise.all(many.map((one) => storePerson(store.db, one)));
    expect(new Set(ids).size).toBe(1);
    expect((await readPerson(store.db, cpf))?.contacts).toHaveLength(4);
  });

  it('needs a CPF of eleven digits', async () => {
    await expect(storePerson(store.db, person('123'))).rejects.toThrow(/people_cpf_check/);
  });
});
