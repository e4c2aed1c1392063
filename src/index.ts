/**
 * `import { createFacade } from 'c2s-facade'`: what other programs may rely on (docs/releasing.md), and nothing else.
 */
export { createFacade, type Facade, type FacadeOptions } from './facade/embed.ts';
export { ConfigRefused } from './facade/forward/reload.ts';
