/** Amounts of money as Brazilian services write them, and as our message does. */

/** Digits before and after the decimal sign at most: beyond them it is no income, and a number would not hold it. */
const FORM = /^\d{1,12}(?:\.\d{1,6})?$/;
const GROUPED = { '.': /^\d{1,3}(?:\.\d{3})+$/, ',': /^\d{1,3}(?:,\d{3})+$/ };

/**
 * `8500,50`, `1.234,56`, `R$ 1.234`, `8500.50`, or a number. Where comma and point both stand the last is the decimal
 * sign. One comma alone is decimal; one point alone separates thousands when three digits follow it, as people here
 * write. Undefined when it is no amount, or below zero.
 */
export function parseReais(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const text = value.replace(/^\s*R\$/i, '').replace(/\s/g, '');
  const plain = withoutGroups(text);
  return plain !== undefined && FORM.test(plain) ? Number(plain) : undefined;
}

function withoutGroups(text: string): string | undefined {
  const comma = text.lastIndexOf(',');
  const point = text.lastIndexOf('.');
  if (comma >= 0 && point >= 0) {
    const [decimal, group] = comma > point ? ([',', '.'] as const) : (['.', ','] as const);
    const [whole = '', cents = '', ...more] = text.split(decimal);
    return more.length === 0 && GROUPED[group].test(whole) ? `${whole.replaceAll(group, '')}.${cents}` : undefined;
  }
  if (point >= 0) return GROUPED['.'].test(text) ? text.replaceAll('.', '') : text;
  return GROUPED[','].test(text) && text.indexOf(',') !== comma ? text.replaceAll(',', '') : text.replace(',', '.');
}

const twoDigits = new Intl.NumberFormat('pt-BR', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const anyDigits = new Intl.NumberFormat('pt-BR', { maximumFractionDigits: 6 });

/** `R$ 1.234,56` */
export const formatReais = (value: number): string => `R$ ${twoDigits.format(value)}`;

/** `1,5` */
export const formatFactor = (value: number): string => anyDigits.format(value);
