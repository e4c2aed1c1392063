import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JOB } from '../../../grafana/src/settings.ts';
import { promtool, startPrometheus, type Prometheus } from './prometheus.ts';

/**
 * Hours of a facade in a real Prometheus, in seconds: pages of /metrics as they were scraped, each with the time at which it
 * is said to have been scraped. The windows of panels and rules can so be evaluated as they are written.
 */

/** Seconds, as grafana/prometheus/prometheus.yml has it. */
export const SCRAPE_INTERVAL_S = 15;
export const INSTANCE = 'facade:9901';

export interface StampedPage {
  /** Seconds since 1970. */
  readonly at: number;
  /** Undefined: the scrape failed. */
  readonly text: string | undefined;
}

/** The seconds a scrape is said to have taken. */
export const SCRAPE_DURATION_S = 0.025;

/**
 * A Prometheus with these pages, and with what the recording rules say of them; its rules are evaluated live, too.
 * @param rulesFrom seconds since 1970: from then on there is what rules record.
 */
export async function startBackfilled(pages: readonly StampedPage[], rulesFrom: number): Promise<Prometheus> {
  const dir = mkdtempSync(join(tmpdir(), 'c2s-backfill-'));
  const close = (): void => rmSync(dir, { recursive: true, force: true });
  try {
    const file = join(dir, 'pages.om');
    const data = join(dir, 'data');
    await writeOpenMetrics(pages, file);
    await promtool('tsdb', 'create-blocks-from', 'openmetrics', '-q', file, data);
    // What compares recorded series is made of their blocks, one run later.
    for (let run = 0; run < 2; run++) await recordRules(data, rulesFrom, pages.at(-1)?.at ?? 0);
    const prometheus = await startPrometheus([], { data });
    return { ...prometheus, close: () => prometheus.close().finally(close) };
  } catch (error) {
    close();
    throw error;
  }
}

async function recordRules(data: string, first: number, last: number): Promise<void> {
  const prometheus = await startPrometheus([], { data, rules: false });
  try {
    const span = [`--start=${first}`, `--end=${last}`, `--eval-interval=${SCRAPE_INTERVAL_S}s`];
    const where = [`--url=${prometheus.url}`, `--output-dir=${data}`];
    await promtool('tsdb', 'create-blocks-from', 'rules', ...span, ...where, 'grafana/prometheus/rules/recording.yml');
  } finally {
    await prometheus.close();
  }
}

/** Series by series would be smaller, but a page is how it was read. Comments are left out: types change no sample. */
async function writeOpenMetrics(pages: readonly StampedPage[], file: string): Promise<void> {
  const out = createWriteStream(file);
  const own = `job="${JOB}",instance="${INSTANCE}"`;
  for (const { at, text } of pages) {
    const samples = text === undefined ? [] : samplesOf(text, own);
    const ofScrape = [
      `up{${own}} ${text === undefined ? 0 : 1}`,
      `scrape_duration_seconds{${own}} ${SCRAPE_DURATION_S}`,
      `scrape_samples_scraped{${own}} ${samples.length}`,
    ];
    const lines = [...samples, ...ofScrape].map((sample) => `${sample} ${at}\n`).join('');
    if (!out.write(lines)) await once(out, 'drain');
  }
  out.end('# EOF\n');
  await once(out, 'close');
}

const parsed = new Map<string, string[]>();
/** The same page stands for many scrapes of a quiet time. */
function samplesOf(text: string, own: string): string[] {
  const known = parsed.get(text);
  if (known) return known;
  const samples = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => (line.includes('{') ? line.replace('{', `{${own},`) : line.replace(' ', `{${own}} `)))
    .map((line) => line.replace(/ Nan$/, ' NaN'));
  parsed.set(text, samples);
  return samples;
}
