import type { Extension } from '../facade/extension/product.ts';
import { deadLetterRoutes } from './admin/dead-letters.ts';
import { peopleRoutes } from './admin/people.ts';
import { createEnrichment, type EnrichmentOptions } from './enrichment/index.ts';

/** The enrichment of leads as a part of the facade's process. @param reached watches runs beside logs and metrics. */
export function enrichmentExtension(reached?: EnrichmentOptions['reached']): Extension {
  return {
    migrations: async () => (await import('./store/migrations/index.ts')).migrations,
    start({ environment, config, store, metrics, isKnown, log, tracing }) {
      const enrichment = createEnrichment({
        environment,
        config: () => config().enrichment,
        knownShare: () => config().server.knownCallerShare,
        store,
        metrics,
        isKnown,
        log,
        reached,
        tracing,
      });
      const adminRoutes = [
        { path: '/people', router: peopleRoutes(store) },
        { path: '/dead-letters', router: deadLetterRoutes(enrichment.door) },
      ];
      return { ...enrichment, adminRoutes };
    },
  };
}
