import { Router, type Request, type RequestHandler, type Response } from 'express';
import { jsonBody } from '../../http/json-body.ts';
import { methodNotAllowed, refuse } from '../../http/page-errors.ts';
import type { Problem } from '../../http/problem.ts';
import type { Person } from '../store/person.ts';
import { parseCpf } from './cpf.ts';
import { normaliseEmail } from './email.ts';
import { known, logged, opened, readerOf, served, type EndpointOptions } from './endpoint-kit.ts';
import type { KnownPerson } from './look-ups.ts';
import { diretrixPhones } from './phone.ts';
import type { EnrichmentService } from './service.ts';
import { recordOf, textOf } from './untyped-json.ts';
import type { ModuleAnswer } from './work-api.ts';

/**
 * What the old service told of people without a lead: modules of Work API as they answer, and one person in its own form.
 * For known callers only, ENRICH_OPEN or not: the answers are personal data. Its callers write a CPF into the query; it
 * comes to no log and no trace.
 */

const MODULE = /^[a-z][a-z0-9_-]{0,31}$/i;
/** Characters of what a module is asked: the longest is an e-mail. */
const MAX_QUESTION_LENGTH = 254;
const MAX_BODY_BYTES = 4 * 1024;
const BODY_DEADLINE_MS = 10_000;

const NO_DOCUMENT: Problem = {
  status: 400,
  kind: 'documento',
  detail: "Missing 'documento' parameter",
};
const BAD_CPF: Problem = {
  status: 400,
  kind: 'cpf',
  detail: 'This is no CPF: eleven digits, the last two check the others.',
};
const BAD_MODULE: Problem = { status: 400, kind: 'module', detail: 'This is not the name of a module of Work API.' };
const NO_IDENTIFIER: Problem = {
  status: 400,
  kind: 'identifier',
  detail: 'At least one identifier required (cpf, email, phone). A name alone finds nobody: several people share it.',
};
const NOT_ANSWERED: Problem = {
  status: 502,
  kind: 'work-api',
  detail: 'Work API did not answer, or refused its key. Try again later.',
};

export function peopleRoutes(options: EndpointOptions): Router {
  const router = Router({ caseSensitive: true });
  const { availability } = options;
  const callers = known(options);
  const body = jsonBody({ maxBytes: MAX_BODY_BYTES, deadlineMs: BODY_DEADLINE_MS, contentType: 'any' });
  router
    .route('/work/modules/:module')
    .get(callers, logged(options, 'work-module'), askModule(options))
    .all(methodNotAllowed);
  router
    .route('/contributor/customer')
    .get(
      callers,
      logged(options, 'customer'),
      customer(options, ({ query }) => query),
    )
    .all(methodNotAllowed);
  router
    .route('/enrich')
    .post(
      callers,
      logged(options, 'customer'),
      opened(availability),
      body,
      customer(options, (req) => req.body as unknown),
    )
    .all(methodNotAllowed);
  return router;
}

/** GET /api/v1/work/modules/:module?documento=; the module `all` is `cpf`, which answers all there is. */
function askModule(options: EndpointOptions): RequestHandler {
  return served(options.availability, async (service, req, res) => {
    const name = String(req.params['module']);
    const { documento } = req.query;
    const question = typeof documento === 'string' ? documento.trim().slice(0, MAX_QUESTION_LENGTH) : '';
    if (question === '') return refuse(req, res, NO_DOCUMENT);
    if (!MODULE.test(name)) return refuse(req, res, BAD_MODULE);
    const isAll = name === 'all' || name === 'cpf';
    const cpf = parseCpf(question);
    if (isAll && cpf === undefined) return refuse(req, res, BAD_CPF);
    const answer = await service.lookUps.module(
      isAll ? 'cpf' : name,
      (isAll && cpf) || question,
      readerOf(options, req),
    );
    answerModule(req, res, answer);
  });
}

/** The old service's answer where a module says no. */
const NO_DATA = { error: 'No data' };

function answerModule(req: Request, res: Response, answer: ModuleAnswer): void {
  if (answer.kind === 'body') return void res.json(answer.value);
  const isNoData = answer.kind === 'missing' || (answer.kind === 'refused' && answer.reason === 'query');
  if (isNoData) return void res.json(NO_DATA);
  refuse(req, res, NOT_ANSWERED);
}

/** GET /api/v1/contributor/customer and POST /api/v1/enrich: cpf, or else phone and e-mail. */
function customer(options: EndpointOptions, read: (req: Request) => unknown): RequestHandler {
  return served(options.availability, async (service: EnrichmentService, req: Request, res: Response) => {
    const { cpf: document, email: address, phone } = recordOf(read(req));
    const cpf = parseCpf(document);
    if (textOf(document) !== undefined && cpf === undefined) return refuse(req, res, BAD_CPF);
    const email = normaliseEmail(address);
    const phones = diretrixPhones([phone]);
    if (cpf === undefined && email === undefined && phones.length === 0) return refuse(req, res, NO_IDENTIFIER);
    const contacts = { phones, ...(email !== undefined && { email }) };
    const found = await service.lookUps.person(cpf, contacts, readerOf(options, req));
    res.json(customerBody(found, new Date()));
  });
}

/** The old service's form of a person. What nobody knows is null, as it was. */
function customerBody({ person, source }: KnownPerson, now: Date): object {
  const isAsked = source === 'work_api';
  const origin = isAsked ? 'work_api' : 'database';
  return {
    source: 'c2s-facade',
    type: 'customer',
    personal_info: {
      cpf: person.cpf,
      name: person.name ?? null,
      birth_date: person.birthDate ?? null,
      gender: person.sex ?? null,
      mother_name: person.motherName ?? null,
      father_name: person.fatherName ?? null,
      marital_status: person.maritalStatus ?? null,
      rg: null,
      voter_id: null,
    },
    contact_info: {
      emails: person.emails.map((email) => ({ email, is_valid: null, source: origin })),
      phones: person.phones.map(({ number, carrier, kind }) => ({
        phone: number,
        ddd: null,
        operator: carrier ?? null,
        type: kind ?? null,
        is_valid: null,
        source: origin,
      })),
    },
    addresses: person.addresses.map((address) => addressBody(address, origin)),
    financial_info: null,
    interests: null,
    metadata: {
      enriched: isAsked,
      sources: [source],
      timestamp: now.toISOString(),
      modules_consulted: isAsked ? ['cpf'] : [],
    },
    wealth_assessment: null,
  };
}

function addressBody(address: Person['addresses'][number], source: string): object {
  return {
    street: [address.streetKind, address.street].filter((part) => part !== undefined).join(' ') || null,
    number: address.number ?? null,
    complement: address.complement ?? null,
    neighborhood: address.district ?? null,
    city: address.city ?? null,
    state: address.state ?? null,
    cep: address.postalCode ?? null,
    source,
  };
}
