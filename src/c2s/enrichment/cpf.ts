import { cpf } from 'cpf-cnpj-validator';

/**
 * A CPF as it travels through the enrichment: eleven digits whose check digits agree. It identifies a person, so it
 * goes into the store, the message and the Work API's query, and never into a log, a label or an error; not masked
 * either, since three open digits and a name are enough to find somebody.
 */
export type Cpf = string & { readonly __brand: 'Cpf' };

/** Reads a CPF with or without punctuation, or as a number that lost its leading zeros. Undefined when it is none. */
export function parseCpf(value: unknown): Cpf | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const written = String(value).trim();
  if (!/^[\d.\-/ ]{1,20}$/.test(written)) return undefined;
  const digits = written.replace(/\D/g, '').padStart(11, '0');
  return cpf.isValid(digits) ? (digits as Cpf) : undefined;
}

/** `123.456.789-09`, for the message: the CRM's user compares it with documents. */
export const formatCpf = (cpf: Cpf): string => cpf.replace(/^(\d{3})(\d{3})(\d{3})(\d{2})$/, '$1.$2.$3-$4');
