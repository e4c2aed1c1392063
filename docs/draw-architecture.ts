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
/** What an arrow takes that passes a floor, so that it runs between the rooms and not behind them. */
const LANE = 6;
const FLOOR_HEIGHT = 78;
const MARGIN = 24;
/** Times that a floor is put into the order of its neighbours above, then of those below. */
const SWEEPS = 12;
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

/** Something that takes a place on a floor: a room, or an arrow on its way down. */
interface Place {
  readonly room?: string;
  readonly floor: number;
  /** Of its middle. */
  x: number;
  readonly above: Place[];
  readonly below: Place[];
}

const widthOf = ({ room }: Place): number => (room === undefined ? LANE : ROOM.width);
const topOf = ({ floor }: Place): number => MARGIN + floor * FLOOR_HEIGHT;

/** Every place, floor by floor from the top, and every arrow as the places that it goes through. */
function placesOf(graph: Graph): { floors: Place[][]; arrows: Place[][] } {
  const floors = floorsOf(graph)
    .reverse()
    .map((rooms, floor) => rooms.map((room): Place => ({ room, floor, x: 0, above: [], below: [] })));
  const of = new Map(floors.flat().map((place) => [place.room, place]));
  const arrows = shown(graph).map(([from, to]) => {
    const [first, last] = [of.get(from), of.get(to)];
    if (!first || !last) throw new Error(`no place for ${from} or ${to}`);
    const way = [first];
    for (let floor = first.floor + 1; floor < last.floor; floor++) {
      const lane: Place = { floor, x: 0, above: [], below: [] };
      floors[floor]?.push(lane);
      way.push(lane);
    }
    way.push(last);
    way.slice(1).forEach((place, n) => {
      const before = way[n] as Place;
      before.below.push(place);
      place.above.push(before);
    });
    return way;
  });
  arrange(floors);
  return { floors, arrows };
}

/** Puts each floor into the order of what it is tied to (Sugiyama's barycentres), Contact2Sale on the left of the engine. */
function arrange(floors: readonly Place[][]): void {
  const mean = (places: readonly Place[]): number => places.reduce((sum, { x }) => sum + x, 0) / places.length;
  const side = ({ room = '' }: Place): number => (room.startsWith('c2s') ? 0 : 1);
  const spread = (floor: Place[]): void => {
    let x = -(floor.reduce((sum, place) => sum + widthOf(place) + ROOM.gap, -ROOM.gap) / 2);
    for (const place of floor) {
      place.x = x + widthOf(place) / 2;
      x += widthOf(place) + ROOM.gap;
    }
  };
  for (const floor of floors) spread(floor.sort((a, b) => side(a) - side(b)));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isDown = sweep % 2 === 0;
    for (const floor of isDown ? floors : floors.toReversed()) {
      const tied = (place: Place): number => {
        const others = isDown ? place.above : place.below;
        return others.length > 0 ? mean(others) : place.x;
      };
      const wanted = new Map(floor.map((place) => [place, tied(place)]));
      spread(floor.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0)));
    }
  }
}

/** Down between the floors in a curve, through each floor straight. */
function lineOf(way: readonly Place[], left: number): string {
  const parts = way.slice(1).map((place, n) => {
    const before = way[n] as Place;
    const [x1, y1, x2, y2] = [left + before.x, topOf(before) + ROOM.height, left + place.x, topOf(place)];
    const middle = (y1 + y2) / 2;
    const end = place.room === undefined ? `${y2} L${x2} ${y2 + ROOM.height}` : String(y2 - 4);
    return `${n === 0 ? `M${x1} ${y1} ` : ''}C${x1} ${middle} ${x2} ${middle} ${x2} ${end}`;
  });
  return `<path d="${parts.join(' ')}" marker-end="url(#tip)"/>`;
}

function boxOf(place: Place, left: number, count: number): string {
  const { room = '' } = place;
  const [middle, y] = [left + place.x, topOf(place)];
  const fill = COLOURS[room.split('/')[0] ?? ''] ?? '#fff';
  return (
    `<rect x="${middle - ROOM.width / 2}" y="${y}" width="${ROOM.width}" height="${ROOM.height}" rx="5" fill="${fill}"/>` +
    `<text x="${middle}" y="${y + 17}">${room}</text><text x="${middle}" y="${y + 31}" class="n">${count} files</text>`
  );
}

export function drawGraph(graph: Graph): string {
  const { floors, arrows } = placesOf(graph);
  const places = floors.flat();
  const reach = Math.max(...places.map((place) => Math.abs(place.x) + widthOf(place) / 2));
  const left = MARGIN + reach;
  const width = 2 * left;
  const height = 2 * MARGIN + (floors.length - 1) * FLOOR_HEIGHT + ROOM.height;
  const lines = arrows.map((way) => lineOf(way, left));
  const boxes = places
    .filter(({ room }) => room !== undefined)
    .map((place) => boxOf(place, left, graph.rooms.get(place.room ?? '')?.length ?? 0));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Rooms of the sources and their imports">
<style>text{font:12px sans-serif;text-anchor:middle;fill:#222}.n{font-size:10px;fill:#666}path{fill:none;stroke:#888}rect{stroke:#777}</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:#888;stroke:none"/></marker></defs>
<rect width="${width}" height="${height}" fill="#fff" stroke="none"/>
${[...lines, ...boxes].join('\n')}
</svg>
`;
}

export const PICTURE = 'docs/images/architecture.svg';

if (import.meta.main) writeFileSync(PICTURE, drawGraph(readGraph()));
