import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * Draws docs/images/architecture.svg from the imports of the sources: `npm run architecture`. A room is a folder; it stands
 * above all rooms that it imports from, so that every arrow points down. test/unit/docs/architecture fails where the picture
 * and the sources differ, or where rooms import from one another in a circle.
 */

export interface Graph {
  /** Files of each room. */
  readonly rooms: ReadonlyMap<string, readonly string[]>;
  /** The rooms that each room imports from, types included. */
  readonly imports: ReadonlyMap<string, ReadonlySet<string>>;
}

/** `src/facade/forward/plan.ts` is in `facade/forward`, `src/http/log.ts` in `http`, `src/facade/app.ts` in `facade`. */
function roomOf(file: string): string {
  const [, top = '', second = '', third] = file.split('/');
  if (top === 'http') return 'http';
  if (second === '') return 'entries';
  return third === undefined ? top : `${top}/${second}`;
}

/** The console is a program of its own, compiled apart for browsers. */
const isDrawn = (file: string): boolean => !file.startsWith('src/facade/admin/console/');

export function readGraph(): Graph {
  const rooms = new Map<string, string[]>();
  const imports = new Map<string, Set<string>>();
  for (const file of globSync('src/**/*.ts').filter(isDrawn).sort()) {
    const room = roomOf(file);
    rooms.set(room, [...(rooms.get(room) ?? []), file]);
    const found = imports.get(room) ?? new Set();
    imports.set(room, found);
    for (const [, spec = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      const target = normalize(join(dirname(file), spec));
      if (existsSync(target) && roomOf(target) !== room) found.add(roomOf(target));
    }
  }
  return { rooms, imports };
}

/** Rooms by floor, the ground first. @throws Error for rooms that import from one another in a circle. */
export function floorsOf({ rooms, imports }: Graph): string[][] {
  const floors: string[][] = [];
  const placed = new Set<string>();
  while (placed.size < rooms.size) {
    const next = [...rooms.keys()].filter(
      (room) => !placed.has(room) && [...(imports.get(room) ?? [])].every((other) => placed.has(other)),
    );
    if (next.length === 0) {
      throw new Error(`a circle among ${[...rooms.keys()].filter((room) => !placed.has(room)).join(', ')}`);
    }
    floors.push(next.sort());
    for (const room of next) placed.add(room);
  }
  return floors;
}

const ROOM = { width: 132, height: 38, gap: 18 };
const FLOOR_HEIGHT = 78;
const MARGIN = 24;
const COLOURS: Readonly<Record<string, string>> = {
  http: '#e8e8e8',
  facade: '#d6e6f7',
  c2s: '#fbe5c8',
  entries: '#dff0d8',
};

/** An arrow that another way already shows is left out: what is drawn is the least that says the same. */
function shown({ imports }: Graph): [string, string][] {
  const reaches = (from: string, to: string): boolean =>
    [...(imports.get(from) ?? [])].some((next) => next === to || reaches(next, to));
  return [...imports].flatMap(([from, all]) =>
    [...all]
      .filter((to) => ![...all].some((other) => other !== to && reaches(other, to)))
      .sort()
      .map((to): [string, string] => [from, to]),
  );
}

export function drawGraph(graph: Graph): string {
  const floors = floorsOf(graph);
  const widest = Math.max(...floors.map(({ length }) => length));
  const width = 2 * MARGIN + widest * (ROOM.width + ROOM.gap) - ROOM.gap;
  const height = 2 * MARGIN + (floors.length - 1) * FLOOR_HEIGHT + ROOM.height;
  const at = new Map<string, { x: number; y: number }>();
  floors.forEach((rooms, floor) => {
    const used = rooms.length * (ROOM.width + ROOM.gap) - ROOM.gap;
    rooms.forEach((room, i) => {
      const x = (width - used) / 2 + i * (ROOM.width + ROOM.gap);
      at.set(room, { x, y: MARGIN + (floors.length - 1 - floor) * FLOOR_HEIGHT });
    });
  });
  const arrows = shown(graph).map(([from, to]) => {
    const [a, b] = [at.get(from), at.get(to)];
    if (!a || !b) throw new Error(`no place for ${from} or ${to}`);
    const [x1, y1, x2, y2] = [a.x + ROOM.width / 2, a.y + ROOM.height, b.x + ROOM.width / 2, b.y];
    const middle = (y1 + y2) / 2;
    return `<path d="M${x1} ${y1} C${x1} ${middle} ${x2} ${middle} ${x2} ${y2 - 4}" marker-end="url(#tip)"/>`;
  });
  const boxes = [...at].map(([room, { x, y }]) => {
    const fill = COLOURS[room.split('/')[0] ?? ''] ?? '#fff';
    const middle = x + ROOM.width / 2;
    const count = graph.rooms.get(room)?.length ?? 0;
    return (
      `<rect x="${x}" y="${y}" width="${ROOM.width}" height="${ROOM.height}" rx="5" fill="${fill}"/>` +
      `<text x="${middle}" y="${y + 17}">${room}</text><text x="${middle}" y="${y + 31}" class="n">${count} files</text>`
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Rooms of the sources and their imports">
<style>text{font:12px sans-serif;text-anchor:middle;fill:#222}.n{font-size:10px;fill:#666}path{fill:none;stroke:#888}rect{stroke:#777}</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:#888;stroke:none"/></marker></defs>
<rect width="${width}" height="${height}" fill="#fff" stroke="none"/>
${[...arrows, ...boxes].join('\n')}
</svg>
`;
}

export const PICTURE = 'docs/images/architecture.svg';

if (import.meta.main) writeFileSync(PICTURE, drawGraph(readGraph()));
