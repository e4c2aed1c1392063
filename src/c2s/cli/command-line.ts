import type { CommandLine } from '../../facade/cli/context.ts';
import { COMMANDS } from '../commands/index.ts';

/** The command line as it is shipped. */
export const COMMAND_LINE: CommandLine = {
  name: 'c2s-facade',
  commands: COMMANDS,
  product: async () => (await import('../product.ts')).PRODUCT,
  start: {
    summary: 'run the facade in the foreground; without a C2S_BASE_URL, on the sandbox',
    run: () => import('../../main.ts'),
    sandbox: { direct: 'http://sandbox.invalid', gateway: 'http://gateway.sandbox.invalid' },
  },
};
