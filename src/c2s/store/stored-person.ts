import { sql, type Kysely } from 'kysely';
import type { Database } from '../../facade/store/schema.ts';
import type { Person } from './person.ts';

/** What is kept of a person, in the source's order; absent is what is not known. Undefined: nothing is kept. */
export async function storedPerson(db: Kysely<Database>, cpf: string): Promise<Person | undefined> {
  const { rows } = await sql<{ person: Person }>`
    select jsonb_strip_nulls(jsonb_build_object(
      'cpf', cpf, 'name', name, 'birthDate', birth_date, 'sex', sex, 'motherName', mother_name, 'fatherName', father_name,
      'maritalStatus', marital_status, 'isDeceased', is_deceased, 'occupation', occupation,
      'economics', jsonb_build_object(
        'income', case when income_text is not null then jsonb_build_object('text', income_text, 'value', income) end,
        'incomeBand', income_band, 'purchasingPower', purchasing_power, 'score', score, 'risk', risk),
      'emails', coalesce((select jsonb_agg(value order by rank) from facade.contacts
        where person_id = people.id and kind = 'email'), '[]'),
      'phones', coalesce((select jsonb_agg(jsonb_build_object('number', value, 'isWhatsapp', coalesce(is_whatsapp, false))
        order by rank) from facade.contacts where person_id = people.id and kind = 'phone'), '[]'),
      'addresses', coalesce((select jsonb_agg(jsonb_build_object('streetKind', street_kind, 'street', street,
        'number', number, 'complement', complement, 'district', district, 'city', city, 'state', state,
        'postalCode', postal_code) order by rank) from facade.addresses where person_id = people.id), '[]'),
      'companies', coalesce((select jsonb_agg(jsonb_build_object('cnpj', cnpj, 'relation', relation,
        'relationKind', relation_kind) order by rank) from facade.companies where person_id = people.id), '[]')
    )) as person
    from facade.people where people.cpf = ${cpf}`.execute(db);
  return rows[0]?.person;
}
