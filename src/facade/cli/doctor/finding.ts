/** One line of the doctor's report. Texts hold names of variables, hosts and codes; never a secret. */
export interface Finding {
  /** `direct upstream`, `database` */
  readonly subject: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly text: string;
  /** What to do; undefined where all is well. */
  readonly remedy?: string | undefined;
}

export const ok = (subject: string, text: string): Finding => ({ subject, state: 'ok', text });
export const warn = (subject: string, text: string, remedy: string): Finding => ({
  subject,
  state: 'warn',
  text,
  remedy,
});
export const fail = (subject: string, text: string, remedy: string): Finding => ({
  subject,
  state: 'fail',
  text,
  remedy,
});
