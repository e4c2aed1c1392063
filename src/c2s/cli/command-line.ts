import type { CommandLine } from '../../facade/cli/context.ts';
import { CONTACT2SALE } from '../pair/contact2sale.ts';
import { COMMANDS } from './commands.ts';

/** The command line as it is shipped. */
export const COMMAND_LINE: CommandLine = {
  pair: CONTACT2SALE,
  commands: COMMANDS,
  migrations: async () => (await import('../store/migrations/index.ts')).migrations,
  start: () => import('../../main.ts'),
};
