import type { BodyRule } from '../../facade/config/schema.ts';
import { isQuiet } from './sentences.ts';
import { vocabularyOf } from '../../facade/dialect/vocabulary.ts';

/**
 * The fields that an upstream complained of, read from either side's 422. Only what both versions of the gateway's
 * validator agree on is read (`loc`, `msg`, `type`); `input` and `ctx` echo what the caller sent, `url` points abroad.
 */
export interface FieldFault {
  /** FastAPI's: `body`, `query` or `path`, then names and indexes. */
  readonly loc: readonly (string | number)[];
  readonly message: string;
  readonly type: string;
}

/** More would be a body the size of the one that was refused. */
const MAX_FAULTS = 50;
const REFUSED = 'This value was refused.';
const TYPE = 'value_error';

/** `{"detail": [{loc, msg, type, …}]}`; empty when the body is anything else. */
export function faultsOfGateway(body: unknown): readonly FieldFault[] {
  const detail = propertyOf(body, 'detail');
  if (!Array.isArray(detail)) return [];
  return detail.slice(0, MAX_FAULTS).map((entry: unknown) => {
    const loc = propertyOf(entry, 'loc');
    return {
      loc: Array.isArray(loc) ? loc.filter(isPlace) : ['body'],
      message: quiet(propertyOf(entry, 'msg')),
      type: plain(propertyOf(entry, 'type')) ?? TYPE,
    };
  });
}

/**
 * `{"errors": …}` in the shapes that such APIs use: a list of `{field, message}`, a list of texts, or texts by field
 * name. Contact2Sale documents none, so all are read; empty when it is none of them. Field names become the gateway's.
 */
export function faultsOfDirect(body: unknown, rule: BodyRule | undefined): readonly FieldFault[] {
  const errors = propertyOf(body, 'errors');
  const faults: FieldFault[] = [];
  const add = (name: unknown, message: unknown) => {
    const field = plain(name);
    const known = field === undefined || rule === undefined ? undefined : gatewayName(rule, field);
    const place = known ?? field;
    faults.push({ loc: place === undefined ? ['body'] : ['body', place], message: quiet(message), type: TYPE });
  };
  if (Array.isArray(errors)) {
    for (const entry of errors.slice(0, MAX_FAULTS) as unknown[]) {
      if (typeof entry === 'string') add(undefined, entry);
      else add(propertyOf(entry, 'field'), propertyOf(entry, 'message'));
    }
  } else if (typeof errors === 'object' && errors !== null) {
    for (const [name, messages] of Object.entries(errors).slice(0, MAX_FAULTS) as [string, unknown][]) {
      add(name, Array.isArray(messages) ? messages[0] : messages);
    }
  }
  return faults;
}

function gatewayName(rule: BodyRule, field: string): string | undefined {
  const { flat, attributes } = vocabularyOf(rule);
  return (flat.get(field) ?? attributes.get(field))?.name;
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** Names and small indexes. A key that a caller made up (in `conditions`, say) may be anything, a phone number too. */
function isPlace(part: unknown): part is string | number {
  if (typeof part === 'number') return Number.isInteger(part) && isQuiet(String(part));
  return plain(part) !== undefined;
}

/** A name as fields and error types have them: ASCII letters, digits, dots and underscores. */
function plain(text: unknown): string | undefined {
  return typeof text === 'string' && /^[a-z][a-z0-9_.]{0,63}$/i.test(text) && isQuiet(text) ? text : undefined;
}

function quiet(message: unknown): string {
  return typeof message === 'string' && isQuiet(message) ? message : REFUSED;
}
