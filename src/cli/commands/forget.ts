import { readFileSync } from 'node:fs';
import { confirm } from '../confirm.ts';
import { print, type Command, type CommonOptions } from '../context.ts';
import { EXIT } from '../exit.ts';

export interface ForgetOptions extends CommonOptions {
  readonly yes?: boolean;
}

/**
 * A person asks to be forgotten (LGPD, article 18). The CPF is asked for, or read from standard input, and is no
 * argument: those stand in the shell's history and in everybody's list of processes.
 */
export const forget: Command<ForgetOptions> = async (context, { yes }) => {
  const { io, admin } = context;
  const cpf = io.canAsk ? await io.ask('CPF: ') : readFileSync(0, 'utf8');
  if (!(await confirm(context, 'Delete all that is known of this person?', yes))) return EXIT.usage;
  const done = await admin.send<{ forgotten: object }>('POST', '/api/people/forget', { cpf: cpf.trim() });
  const rows = Object.entries(done.forgotten).map(([what, n]) => `${String(n)} ${what}`);
  print(context, done, () => `Forgotten: ${rows.join(', ') || 'nothing was known'}.`);
  return EXIT.ok;
};
