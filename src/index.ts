/**
 * `import { createFacade } from 'c2s-facade'`: what other programs may rely on (docs/releasing.md), and nothing else.
 */
export { createFacade, type Facade, type FacadeOptions } from './embed.ts';
export { ConfigRefused } from './forward/reload.ts';
