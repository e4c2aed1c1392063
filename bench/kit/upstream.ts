import { fileURLToPath } from 'node:url';
import { LEAD_IDS, leadPath } from './exchange.ts';
import { freePort, start, untilAnswering, type RunningProcess } from './processes.ts';

/** Starts `bench/<script>` as the upstream of all subjects, on the core of the load generator. */
export async function startUpstream(
  script: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningProcess & { readonly url: string }> {
  const port = await freePort();
  const upstream = start({
    command: process.execPath,
    args: [fileURLToPath(new URL(`../${script}`, import.meta.url))],
    env: { PORT: String(port), ...env },
    on: 'driver',
  });
  await untilAnswering(upstream, port, leadPath(LEAD_IDS[0] as string));
  return { ...upstream, url: `http://127.0.0.1:${port}` };
}
