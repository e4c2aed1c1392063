import type { PairVariables } from '../../config/variables.ts';
import { SCHEMA_LINE, upstreamLines } from './table.ts';

/** The first files of an operator without OpenAPI documents: a table of one route, and a `.env` to fill in. */

export const blankEnv = ({ direct, gateway }: PairVariables): string =>
  `${direct.url}=\n${direct.token}=\n${gateway.url}=\n`;

export const blankTable = (variables: PairVariables): string => `${SCHEMA_LINE}
#
# A rollout table to begin with. A request that no route claims goes to direct as it came, so a route is needed only for what
# shall move. Every option is described in facade.schema.json; an editor with a YAML language server shows it as you type.

${upstreamLines(variables).join('\n')}

routes:
  # look: replace this route by one of yours. A route is one operation: its method and path on direct and on the gateway, with
  #       the same parameter names; which share of it the gateway serves; and what of the query and the body it knows.
  - id: examples.get
    direct: GET /old/examples/:exampleId
    gateway: GET /new/examples/:exampleId
    rollout: { gateway: 0, shadow: 0, stickyBy: exampleId, fallback: direct }
    # query:
    #   page: { type: integer, min: 1 }
    # body:
    #   fields:
    #     name: { type: string, required: true }
`;
