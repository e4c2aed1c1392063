/**
 * Which texts may be kept as the members of an enum. Only those of a place whose name says that it is one, and that look
 * like words of a program: a first name is a short and repeated text too, so being short and repeated proves nothing. All
 * or nothing: one text that is no such word closes the place.
 */

/** A place with more different texts is no enum. */
export const MAX_MEMBERS = 16;
/** Answers with the place before its texts are kept beyond memory, or judged. */
export const MIN_MEMBER_ANSWERS = 200;

const ENUM_WORDS: ReadonlySet<string> = new Set([
  ...['status', 'state', 'stage', 'phase', 'type', 'kind', 'category', 'class', 'level', 'priority', 'severity'],
  ...[
    'channel',
    'source',
    'origin',
    'reason',
    'mode',
    'format',
    'currency',
    'unit',
    'role',
    'action',
    'event',
    'method',
  ],
  ...[
    'estado',
    'etapa',
    'fase',
    'tipo',
    'categoria',
    'nivel',
    'prioridade',
    'canal',
    'fonte',
    'origem',
    'motivo',
    'moeda',
  ],
]);
/** In a name they speak of a person or of where a person is: `state_name`, `source_user`, `address_state`. */
const PERSON_WORDS: ReadonlySet<string> = new Set([
  ...[
    'name',
    'nome',
    'person',
    'user',
    'usuario',
    'customer',
    'client',
    'cliente',
    'seller',
    'vendedor',
    'owner',
    'author',
  ],
  ...['contact', 'contato', 'email', 'mail', 'phone', 'fone', 'telefone', 'celular', 'cpf', 'cnpj', 'rg', 'document'],
  ...['documento', 'address', 'endereco', 'street', 'rua', 'city', 'cidade', 'country', 'pais', 'zip', 'cep', 'login'],
  ...[
    'text',
    'body',
    'message',
    'mensagem',
    'note',
    'comment',
    'description',
    'title',
    'token',
    'key',
    'secret',
    'password',
  ],
]);

/** Of all small or all capital letters: `em_negociacao`, `WON`; a name is written `Ana`. */
const WORD = /^(?:[a-z]+(?:[_-][a-z]+){0,3}|[A-Z]+(?:_[A-Z]+){0,3})$/;
const MAX_WORD_LENGTH = 32;

/** By its name alone: `/data/*` + `/lead_status`; of a list of texts the name of the list counts. */
export function mayBeEnum(path: string): boolean {
  const names = path.split('/').filter((name) => name !== '' && name !== '*');
  const words = wordsOf(names.at(-1) ?? '');
  return words.some((word) => ENUM_WORDS.has(word)) && !words.some((word) => PERSON_WORDS.has(word));
}

/** `leadStatus` and `lead_status` → lead, status */
const wordsOf = (name: string): string[] =>
  name
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z]+/);

export const isMember = (text: string): boolean => text.length <= MAX_WORD_LENGTH && WORD.test(text);
