import type { z } from 'zod';
import { createDocument } from 'zod-openapi';
import type { ZodOpenApiObject, ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { GATEWAY_OPERATIONS, isRead } from './operations.ts';
import type { Operation, OperationId } from './operations.ts';
import * as shape from './responses.ts';

/** The OpenAPI 3.1 document, made from the operations table and the schemas that validate requests. */

const ANSWERS: Partial<Record<OperationId, z.ZodType>> = {
  'leads.list': shape.leadList,
  'leads.get': shape.leadDocument,
  'leads.create': shape.leadDocument,
  'leads.update': shape.leadDocument,
  'leads.tags.list': shape.list,
  'tags.list': shape.list,
  'sellers.list': shape.list,
  'queues.list': shape.list,
  'queues.sellers': shape.list,
};

const answerOf = ({ id, upstream }: Operation): z.ZodType =>
  ANSWERS[id as OperationId] ?? (upstream ? shape.document : shape.free);

const content = (schema: z.ZodType, type = 'application/json') => ({ content: { [type]: { schema } } });
const problem = (description: string) => ({
  description,
  ...content(shape.problemDocument, 'application/problem+json'),
});

const parametersOf = (path: string) =>
  [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path' as const,
    required: true,
    schema: { type: 'string' as const },
  }));

/** Errors of Contact2Sale come through with its status and body, so their shape is `default`'s. */
function responsesOf(operation: Operation): ZodOpenApiOperationObject['responses'] {
  const validated = operation.body !== undefined || operation.query !== undefined;
  return {
    '200': { description: 'Success', ...content(answerOf(operation)) },
    ...(operation.id === 'campaigns.get' ? { '404': { description: 'Unmapped', ...content(shape.detail) } } : {}),
    ...(validated ? { '422': { description: 'The request does not fit', ...content(shape.validationError) } } : {}),
    ...(operation.open
      ? {}
      : { '401': problem('No known caller key, or the body of Contact2Sale when it refuses the token') }),
    ...(operation.upstream
      ? {
          '502': problem('Contact2Sale could not be reached, or its answer could not be used'),
          '503': problem('The rate budget is spent or too much is under way; nothing was sent'),
          '504': problem('Contact2Sale did not answer in time'),
          default: { description: 'The error of Contact2Sale, its own status and body', ...content(shape.free) },
        }
      : {}),
  };
}

function describe(operation: Operation): ZodOpenApiOperationObject {
  const { id, tag, summary, path, query, body, upstream } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(upstream ? { description: `Contact2Sale: \`${upstream.method} ${upstream.path}\`` } : {}),
    parameters: parametersOf(path),
    ...(query ? { requestParams: { query } } : {}),
    ...(body ? { requestBody: { required: true, ...content(body) } } : {}),
    responses: responsesOf(operation),
    ...(operation.open ? { security: [] } : {}),
    ...(isRead(operation) ? {} : { 'x-safety': 'unsafe' }),
  };
}

/** The document as JSON text; made once, it does not change while the process lives. */
export function openApiJson(version: string): string {
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of GATEWAY_OPERATIONS as readonly Operation[]) {
    const path = operation.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation) };
  }
  const document: ZodOpenApiObject = {
    openapi: '3.1.1',
    info: {
      title: 'C2S gateway',
      version,
      description: 'Contact2Sale behind one token: validated, pooled, with its true answers.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ callerKey: [] }, { apiKey: [] }],
    tags: [...new Set(GATEWAY_OPERATIONS.map(({ tag }) => tag))].map((name) => ({ name })),
    components: {
      securitySchemes: {
        callerKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'The key of the caller, not the Contact2Sale token.',
        },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      },
    },
    paths,
  };
  return JSON.stringify(createDocument(document));
}
