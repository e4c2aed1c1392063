import type { Extension } from '../facade/extension/product.ts';
import { COMMANDS } from './commands/index.ts';
import type { EnrichmentOptions } from './enrichment/index.ts';
import { ENRICHMENT_SECTION, type EnrichmentConfig } from './enrichment/section.ts';
import { ENRICHMENT_VARIABLES, type EnrichmentVariables } from './enrichment/variables.ts';

/** The enrichment of leads as a part of the facade's process. @param reached watches runs beside logs and metrics. */
export function enrichmentExtension(
  reached?: EnrichmentOptions['reached'],
): Extension<EnrichmentConfig, EnrichmentVariables> {
  return {
    settings: ENRICHMENT_SECTION,
    variables: ENRICHMENT_VARIABLES,
    migrations: async () => (await import('./store/migrations/index.ts')).migrations,
    commands: COMMANDS,
    doctor: async (question) => (await import('./commands/doctor.ts')).examineSources(question),
    async start({ environment, config, settings, store, ...parts }) {
      const [{ createEnrichment }, { auditRoutes }, { countDeadLetters, deadLetterRoutes }, { peopleRoutes }] =
        await Promise.all([
          import('./enrichment/index.ts'),
          import('./admin/audit.ts'),
          import('./admin/dead-letters.ts'),
          import('./admin/people.ts'),
        ]);
      const enrichment = createEnrichment({
        ...parts,
        directToken: environment.directToken,
        config: settings,
        knownShare: () => config().server.knownCallerShare,
        store,
        reached,
      });
      const adminRoutes = [
        { path: '/people', router: peopleRoutes(store, environment.adminToken) },
        { path: '/audit', router: auditRoutes(store) },
        {
          path: '/dead-letters',
          router: deadLetterRoutes(enrichment.availability, environment.adminToken),
          waiting: () => countDeadLetters(enrichment.availability()),
        },
      ];
      return { ...enrichment, adminRoutes };
    },
  };
}
