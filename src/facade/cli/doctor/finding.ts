import type { Environment } from '../../config/environment.ts';

/** One line of the doctor's report. Texts hold names of variables, hosts and codes; never a secret. */
export interface DoctorFinding {
  /** `direct upstream`, `database` */
  readonly subject: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly text: string;
  /** What to do; undefined where all is well. */
  readonly remedy?: string | undefined;
}

/** What the checks of an extension are handed. */
export interface DoctorQuestion<Values = unknown> {
  readonly environment: Environment;
  /** The extension's own variables. */
  readonly variables: Values;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export const ok = (subject: string, text: string): DoctorFinding => ({ subject, state: 'ok', text });
export const warn = (subject: string, text: string, remedy: string): DoctorFinding => ({
  subject,
  state: 'warn',
  text,
  remedy,
});
export const fail = (subject: string, text: string, remedy: string): DoctorFinding => ({
  subject,
  state: 'fail',
  text,
  remedy,
});
