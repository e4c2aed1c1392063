import { stringify } from 'yaml';
import { enrichment } from './dashboards/enrichment.ts';
import { overview } from './dashboards/overview.ts';
import { processDashboard } from './dashboards/process.ts';
import { route } from './dashboards/route.ts';
import { alertRules } from './rules/alerts.ts';
import { recordingRules } from './rules/recording.ts';

/** Every file that is generated, by its path under grafana/. Pure: generate.ts writes them, a test compares them. */

const HEAD = '# Made by `npm run grafana` from grafana/src/rules. Changes here are overwritten.\n';

export const dashboards = () => ({
  'dashboards/migration-overview.json': overview(),
  'dashboards/route.json': route(),
  'dashboards/enrichment.json': enrichment(),
  'dashboards/process.json': processDashboard(),
});

export function artefacts(): Record<string, string> {
  const json = Object.entries(dashboards()).map(([path, board]) => [path, `${JSON.stringify(board, null, 2)}\n`]);
  return {
    ...(Object.fromEntries(json) as Record<string, string>),
    'prometheus/rules/recording.yml': rules(recordingRules()),
    'prometheus/rules/alerts.yml': rules(alertRules()),
  };
}

function rules(groups: readonly object[]): string {
  return HEAD + stringify({ groups }, { lineWidth: 0, singleQuote: true });
}
