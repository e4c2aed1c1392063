/**
 * An invented CPF with valid check digits, always the same for the same `n` (0 ≤ n < 900,000,000): 11 digits, no
 * punctuation. Made at run time, so that no number that might be somebody's stands in the source.
 */
export function inventedCpf(n: number): string {
  // A stride that is prime to the range spreads neighbours, so that two CPFs do not differ in one digit only.
  const base = String(100_000_000 + ((n * 7_654_321) % 900_000_000));
  const first = checkDigit(base);
  return `${base}${first}${checkDigit(`${base}${first}`)}`;
}

/** Eleven digits whose last two check the others; all digits equal passes the sum but is refused by rule. */
export function isCpf(text: string): boolean {
  if (!/^\d{11}$/.test(text) || /^(\d)\1{10}$/.test(text)) return false;
  return checkDigit(text.slice(0, 9)) === text[9] && checkDigit(text.slice(0, 10)) === text[10];
}

/** The rule of Receita Federal: weights from length + 1 down to 2, modulo 11, remainders below 2 count as 0. */
function checkDigit(digits: string): string {
  const sum = [...digits].reduce((total, digit, i) => total + Number(digit) * (digits.length + 1 - i), 0);
  const rest = sum % 11;
  return String(rest < 2 ? 0 : 11 - rest);
}
