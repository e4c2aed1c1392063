import { seededRandom } from '../../src/c2s/sandbox/random.ts';
import { firstYes, onceEnough, shareBy, wrongOnes, type Looks } from './migrations.ts';
import { ready } from './rules.ts';

/** Draws docs/images/parity-looks.svg: what looking often does to the rule of today and to the one of before. */

export const PICTURE = 'docs/images/parity-looks.svg';

const MIGRATIONS = 10_000;
const ASKED = 0.99;
const LOOKS: Looks = { from: 200, to: 5_000 };
const PANEL = { width: 300, height: 190, left: 62, top: 56, gap: 96 };
const COLOURS = { anyTime: '#1b6ca8', oneLook: '#c0392b' };

interface Panel {
  readonly title: string;
  /** Of the axis of comparisons. */
  readonly to: number;
  readonly most: number;
  readonly marks: readonly number[];
  readonly lines: Readonly<Record<keyof typeof COLOURS, (by: number) => number>>;
  /** Where each line is named. */
  readonly names: Readonly<Record<keyof typeof COLOURS, readonly [text: string, at: number, share: number]>>;
}

function saidReadyBy(parity: number, seed: number): Panel['lines'] {
  const random = seededRandom(seed);
  const all = Array.from({ length: MIGRATIONS }, () => wrongOnes(random, 1 - parity, LOOKS.to));
  const by = (rule: (count: number, of: number) => boolean) => {
    const says = onceEnough(rule, LOOKS);
    const first = all.map((wrong) => firstYes(wrong, LOOKS, says));
    return (look: number) => shareBy(first, look);
  };
  return { anyTime: by(ready.anyTime(ASKED)), oneLook: by(ready.oneLook(ASKED)) };
}

function lineOf({ to, most }: Panel, share: (by: number) => number, x: number, colour: string): string {
  const points = Array.from({ length: 101 }, (_, i) => {
    const by = LOOKS.from + ((to - LOOKS.from) * i) / 100;
    return `${(x + (PANEL.width * i) / 100).toFixed(1)},${yOf(share(Math.round(by)), most).toFixed(1)}`;
  });
  return `<polyline points="${points.join(' ')}" stroke="${colour}"/>`;
}

const yOf = (share: number, most: number): number => PANEL.top + PANEL.height * (1 - share / most);

function panelOf(panel: Panel, index: number): string {
  const x = PANEL.left + index * (PANEL.width + PANEL.gap);
  const xOf = (by: number) => x + (PANEL.width * (by - LOOKS.from)) / (panel.to - LOOKS.from);
  const bottom = PANEL.top + PANEL.height;
  const grid = panel.marks.map((share) => {
    const y = yOf(share, panel.most).toFixed(1);
    const text = `<text x="${x - 6}" y="${Number(y) + 4}" class="r">${Number((share * 100).toFixed(1))} %</text>`;
    return `<line x1="${x}" y1="${y}" x2="${x + PANEL.width}" y2="${y}"/>${text}`;
  });
  const ticks = [LOOKS.from, ...[1, 2, 3, 4, 5].map((i) => i * 1_000).filter((by) => by <= panel.to)];
  const names = (['anyTime', 'oneLook'] as const).map((rule) => {
    const [text, at, share] = panel.names[rule];
    return `<text x="${xOf(at).toFixed(1)}" y="${yOf(share, panel.most).toFixed(1)}" style="fill:${COLOURS[rule]}">${text}</text>`;
  });
  return [
    `<text x="${x}" y="${PANEL.top - 20}" class="t">${panel.title}</text>`,
    ...grid,
    ...ticks.map(
      (by) => `<text x="${xOf(by).toFixed(1)}" y="${bottom + 18}" class="c">${by.toLocaleString('en')}</text>`,
    ),
    `<text x="${x + PANEL.width / 2}" y="${bottom + 36}" class="c">comparisons so far, a look after each</text>`,
    lineOf(panel, panel.lines.oneLook, x, COLOURS.oneLook),
    lineOf(panel, panel.lines.anyTime, x, COLOURS.anyTime),
    ...names,
  ].join('\n');
}

export function drawLooks(): string {
  const panels: Panel[] = [
    {
      title: 'Parity exactly 99 %: ever called ready',
      to: 5_000,
      most: 0.15,
      marks: [0, 0.025, 0.05, 0.1, 0.15],
      lines: saidReadyBy(0.99, 1),
      names: { oneLook: ['for one look (Wilson)', 1_350, 0.138], anyTime: ['for any number of looks', 2_700, 0.03] },
    },
    {
      title: 'Parity 99.9 %: called ready by then',
      to: 2_000,
      most: 1,
      marks: [0, 0.25, 0.5, 0.75, 1],
      lines: saidReadyBy(0.999, 2),
      names: { oneLook: ['one look', 225, 0.8], anyTime: ['any number of looks', 900, 0.78] },
    },
  ];
  const width = PANEL.left + panels.length * (PANEL.width + PANEL.gap) - PANEL.gap + 24;
  const height = PANEL.top + PANEL.height + 52;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Migrations that are ever called ready, by the number of comparisons, asked 99 %">
<style>text{font:12px sans-serif;fill:#222}.t{font-weight:bold}.r{text-anchor:end;fill:#666}.c{text-anchor:middle;fill:#666}line{stroke:#ddd}polyline{fill:none;stroke-width:2}</style>
<rect width="${width}" height="${height}" fill="#fff"/>
${panels.map(panelOf).join('\n')}
</svg>
`;
}
