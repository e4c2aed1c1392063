import type { Fields } from './body.ts';
import type { OperationId } from './operations.ts';

/** Contact2Sale documents `body`; the Python gateway sent `message`. An empty type is left out, as it did. */
function message({ message: body, type, ...others }: Fields): Fields {
  return { body, ...(type === '' || type === undefined ? {} : { type }), ...others };
}

/** The fields of a validated body under the names that Contact2Sale documents. */
export function reshape(id: OperationId, fields: Fields): Fields {
  return id === 'leads.messages.create' ? message(fields) : fields;
}
