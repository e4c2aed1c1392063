import { PRODUCT } from './c2s/product.ts';
import { createFacade as create } from './facade/embed.ts';
import type { Facade, FacadeOptions } from './facade/embedded.ts';

/**
 * `import { createFacade } from 'c2s-facade'`: what other programs may rely on (docs/releasing.md), and nothing else.
 */
export type { Facade, FacadeOptions };
export type {
  AnswerBody,
  ApiPair,
  ErrorAnswer,
  GatewayLimits,
  TokenHeader,
  UnderstoodError,
} from './facade/rollout/api-pair.ts';
export { ConfigRefused } from './facade/config/config-refused.ts';

/** @throws ConfigRefused with everything that is wrong with the environment or the table, one problem a line. */
export function createFacade(options: FacadeOptions): Promise<Facade> {
  return create(options, options.pair ? { pair: options.pair } : PRODUCT);
}
