import { grouped } from './format.ts';
import { barsOf } from './bars.ts';
import type { SparklineJson } from './model.ts';
import { html } from './vendor/preact.js';

/** The attempts of the last 15 minutes as bars: direct below, gateway above it, what failed in red on top of all. */

const BARS = 30;
const BAR_WIDTH = 3;
const GAP = 1;
const HEIGHT = 22;
const WIDTH = BARS * (BAR_WIDTH + GAP);

export function Sparkline({ line }: { line: SparklineJson | undefined }) {
  if (!line) return html`<span class="quiet">–</span>`;
  const bars = barsOf(line).slice(-BARS);
  const highest = Math.max(1, ...bars.map(({ direct, gateway, failed }) => direct + gateway + failed));
  const last = bars.at(-1);
  const said = last
    ? `Last minute: ${grouped(last.direct)} good on direct, ${grouped(last.gateway)} on the gateway, ${grouped(last.failed)} failed`
    : 'No attempts';
  return html`<svg class="spark" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${said}>
    <title>${said}</title>
    <rect class="base" x="0" y=${HEIGHT - 1} width=${WIDTH - GAP} height="1" />
    ${bars.map((bar, i) => {
      const x = (BARS - bars.length + i) * (BAR_WIDTH + GAP);
      let top = HEIGHT;
      return (['direct', 'gateway', 'failed'] as const).map((kind) => {
        if (bar[kind] === 0) return null;
        // A single failure among thousands is still to be seen.
        const height = Math.max(kind === 'failed' ? 2 : 0.5, (bar[kind] / highest) * HEIGHT);
        top = Math.max(0, top - height);
        return html`<rect class=${kind} x=${x} y=${top} width=${BAR_WIDTH} height=${height} />`;
      });
    })}
  </svg>`;
}
