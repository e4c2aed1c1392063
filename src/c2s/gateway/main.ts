import process from 'node:process';
import { standardOutput } from '../../http/log-destination.ts';
import { createLogs } from '../../http/log.ts';
import { packageVersion } from '../../http/package-version.ts';
import { visibleLines } from '../../http/visible.ts';
import { readEnvironment } from './environment.ts';
import { startGateway } from './index.ts';
import type { Gateway } from './index.ts';

/** Process entry of the gateway: environment → listen → SIGHUP reads the files again, SIGTERM ends gracefully. */

/** After the drain delay, for what does not end by itself. Below the time after which platforms kill. */
const EXIT_TIMEOUT_MS = 25_000;

async function stop(gateway: Gateway, drainDelayMs: number): Promise<void> {
  setTimeout(() => process.exit(1), drainDelayMs + EXIT_TIMEOUT_MS).unref();
  process.exitCode = (await gateway.close()) ? 0 : 1;
}

try {
  const { options, logLevel, warnings } = readEnvironment(process.env);
  const logs = createLogs(logLevel, standardOutput(), 'c2s-gateway');
  for (const warning of warnings) logs.log.warn(warning);
  const gateway = await startGateway({ ...options, version: packageVersion(), logs });
  logs.log.info({ listening: gateway.url, admin: gateway.adminUrl }, 'listening');
  process.on('SIGHUP', () => void gateway.reload());
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void stop(gateway, options.drainDelayMs ?? 0));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(visibleLines(`The gateway does not start.\n${message}\n`));
  process.exitCode = 1;
}
