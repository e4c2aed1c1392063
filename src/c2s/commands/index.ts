import type { CommandSpec } from '../../facade/cli/command.ts';

/** What the command line has beside the commands of the engine. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    usage: 'forget',
    summary: 'delete all that is kept about a person (LGPD); asks for the CPF, or reads it from standard input',
    common: 'admin',
    help: (name) =>
      `echo 000.000.000-00 | ${name} forget. Never an argument: those can be seen by others, and shells keep them.`,
    load: async () => (await import('./forget.ts')).forget,
  },
  {
    usage: 'smoke <url>',
    summary: 'four checks of a deployment: health, read a lead, send a message, enrich a lead',
    options: [
      ['--token <token>', 'of a known caller (default: SMOKE_TOKEN)'],
      ['--lead <id>', 'of a lead that exists; it gets a message, and is enriched (default: SMOKE_LEAD_ID)'],
      ['--message <text>', 'what the message says'],
      ['--read-only', 'only the first two'],
    ],
    common: 'json',
    help: 'Nothing is repeated. A token on the command line is seen by every user of the machine: prefer SMOKE_TOKEN.',
    load: async () => (await import('./smoke.ts')).smoke,
  },
];
