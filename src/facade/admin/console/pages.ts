import type { Live } from './live.ts';
import { OverviewPage } from './overview.ts';
import { html } from './vendor/preact.js';

/** Every page, by its address behind the `#/`. What the first paint does not need is fetched when it is looked at. */

export interface Page {
  readonly address: string;
  readonly title: string;
  /** Under which heading the menu lists it; undefined: it does not. */
  readonly group?: 'Operate' | 'Inspect';
  /** Of an extension: below /api there must be this. */
  readonly needs?: string;
  readonly load: () => Promise<(live: Live) => unknown>;
}

type Component = (props: { live: Live }) => unknown;
const page = (component: Component) => (live: Live) => html`<${component} live=${live} />`;

export const PAGES: readonly Page[] = [
  { address: '', title: 'Overview', group: 'Operate', load: () => Promise.resolve(page(OverviewPage)) },
  {
    address: 'autopilot',
    title: 'Autopilot',
    group: 'Operate',
    load: async () => page((await import('./autopilot-board.ts')).AutopilotBoardPage),
  },
  {
    address: 'history',
    title: 'History',
    group: 'Operate',
    load: async () => page((await import('./history.ts')).HistoryPage),
  },
  {
    address: 'unknown-writes',
    title: 'Unknown writes',
    group: 'Operate',
    load: async () => page((await import('./unknown-writes.ts')).UnknownWritesPage),
  },
  {
    address: 'dead-letters',
    title: 'Dead letters',
    group: 'Operate',
    needs: '/dead-letters',
    load: async () => page((await import('./dead-letters.ts')).DeadLettersPage),
  },
  {
    address: 'migration',
    title: 'Migration',
    group: 'Inspect',
    load: async () => page((await import('./migration.ts')).MigrationPage),
  },
  {
    address: 'events',
    title: 'Events',
    group: 'Inspect',
    load: async () => page((await import('./events.ts')).EventsPage),
  },
  {
    address: 'discovery',
    title: 'Discovery',
    group: 'Inspect',
    load: async () => page((await import('./discovery.ts')).DiscoveryPage),
  },
  {
    address: 'explain',
    title: 'Explain',
    group: 'Inspect',
    load: async () => page((await import('./explain.ts')).ExplainPage),
  },
  {
    address: 'instance',
    title: 'Instance',
    group: 'Inspect',
    load: async () => page((await import('./instance.ts')).InstancePage),
  },
  { address: 'help', title: 'Help', group: 'Inspect', load: async () => page((await import('./help.ts')).HelpPage) },
];

/** Of an address without its `#/`; undefined: of no route. */
export function routeOf(address: string): string | undefined {
  if (!address.startsWith('routes/')) return undefined;
  const name = address.slice('routes/'.length);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Of an address; undefined: there is no such page. */
export function pageOf(address: string): Page | undefined {
  const route = routeOf(address);
  if (route === undefined) return PAGES.find((each) => each.address === address);
  const load: Page['load'] = async () => {
    const { RoutePage } = await import('./route-page.ts');
    return (live) => html`<${RoutePage} key=${route} id=${route} live=${live} />`;
  };
  return { address, title: route, load };
}

/** Those that this facade has. */
export const menuOf = (extensionRoutes: readonly string[]): readonly Page[] =>
  PAGES.filter(({ needs }) => needs === undefined || extensionRoutes.includes(needs));
