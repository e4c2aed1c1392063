import type { DoctorQuestion, DoctorFinding } from '../../facade/cli/doctor/finding.ts';
import { examineUpstream } from '../../facade/cli/doctor/upstream.ts';
import type { EnrichmentVariables } from '../enrichment/variables.ts';

/** Can the sources of the enrichment be reached? Their answers cost money, so only the way to them is looked at. */
export async function examineSources({
  variables,
  now,
}: DoctorQuestion<EnrichmentVariables>): Promise<DoctorFinding[]> {
  const { workApi, diretrix } = variables;
  const sources = [
    { subject: 'work api', url: workApi?.url, variable: 'WORK_API_URL' },
    { subject: 'diretrix', url: diretrix?.url, variable: 'DIRETRIX_BASE_URL' },
  ];
  const found = await Promise.all(
    sources.flatMap(({ url, ...source }) => (url === undefined ? [] : [examineUpstream({ ...source, url, now })])),
  );
  return found.flat();
}
