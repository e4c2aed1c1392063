import type { Identity } from './diretrix.ts';
import { sectionsOf } from './message-sections.ts';
import type { Person } from '../store/person.ts';

/**
 * The message on the lead. Its words are the old service's; new are the notices of what could not be asked, the cut
 * that says that it is one, and the second line, by which it is recognised as ours. That line stands so far up because
 * nobody tells how long a message Contact2Sale takes: one that cuts what is longer than it likes keeps the beginning, and
 * a message without its mark would be taken for one that did not arrive, and sent again.
 */

/** What was learnt of one person. */
export type Findings =
  | { readonly kind: 'found'; readonly person: Person }
  /** Work API knows no such CPF. */
  | { readonly kind: 'unknown' }
  /** Work API did not answer for this one, but did for the other. */
  | { readonly kind: 'failed' };

/** Who is meant, and by which contact of the lead; `form`: by the CPF that the person gave. */
export interface Subject {
  readonly by: 'phone' | 'email' | 'both' | 'form';
  readonly identity: Identity;
}

export interface MessageSubject extends Subject {
  readonly findings: Findings;
}

export interface MessageContents {
  /** One, or two different people: by phone first, then by e-mail. */
  readonly subjects: readonly [MessageSubject] | readonly [MessageSubject, MessageSubject];
  /** The contact for which Diretrix gave no answer, when the other one sufficed. */
  readonly unanswered?: 'phone' | 'email' | undefined;
}

interface MessageSettings {
  /** From `markerOf`. */
  readonly marker: string;
  /** UTF-16 units, {@link SHORTEST_MESSAGE} at least. Databases count code points or bytes of a wider type; units are never fewer than code points. */
  readonly maxLength: number;
  /** INCOME_MULTIPLIER. 1: income is shown as it came. */
  readonly incomeMultiplier: number;
}

/** Below it the first line, the marker and the notice of the cut do not fit together. */
export const SHORTEST_MESSAGE = 200;

export const CUT = '… (mensagem cortada)';

const HEADERS = {
  both: '📞📧 Telefone e e-mail da mesma pessoa',
  phone: '📞 Pessoa identificada pelo telefone',
  email: '📧 Pessoa identificada pelo e-mail',
  form: '📄 Pessoa identificada pelo CPF',
} as const;
const TWO_PEOPLE = '⚠️ Telefone e e-mail relacionados a PESSOAS DIFERENTES!';
/** With what a message of ours begins; in the line after it stands the marker. */
export const FIRST_LINES: readonly string[] = [...Object.values(HEADERS), TWO_PEOPLE];
const WHOSE = { both: '', phone: '📞 PESSOA DO TELEFONE', email: '📧 PESSOA DO E-MAIL', form: '' } as const;
const UNANSWERED = {
  phone: 'ℹ️ O telefone não pôde ser consultado; só o e-mail foi verificado.',
  email: 'ℹ️ O e-mail não pôde ser consultado; só o telefone foi verificado.',
} as const;

/** A paragraph; its first line is a heading that means nothing without the others. */
type Block = readonly [heading: string, ...lines: string[]];

/** @throws RangeError when `maxLength` is below {@link SHORTEST_MESSAGE}: a setting to refuse at start. */
export function composeMessage(contents: MessageContents, settings: MessageSettings): string {
  if (settings.maxLength < SHORTEST_MESSAGE) throw new RangeError(`a message needs ${SHORTEST_MESSAGE} units at least`);
  return fit(blocksOf(contents, settings), settings.maxLength);
}

function blocksOf(
  { subjects, unanswered }: MessageContents,
  { incomeMultiplier, marker }: MessageSettings,
): readonly Block[] {
  const [first, second] = subjects;
  const about = (subject: MessageSubject): Block[] =>
    sectionsOf(subject, incomeMultiplier).map(({ title, lines }) => [title, ...lines]);
  const notices: Block[] = unanswered ? [[UNANSWERED[unanswered]]] : [];
  if (!second) return [[HEADERS[first.by], marker], ...notices, ...about(first)];
  return [[TWO_PEOPLE, marker], ...notices, ...subjects.flatMap((each): Block[] => [[WHOSE[each.by]], ...about(each)])];
}

/** All of it; where that is too long, as many whole lines as fit, and no heading left alone at the end. */
function fit(blocks: readonly Block[], maxLength: number): string {
  const whole = textOf(blocks);
  if (whole.length <= maxLength) return whole;
  const end = `\n${CUT}`;
  return textOf(fitting(blocks, maxLength - end.length)) + end;
}

const textOf = (blocks: readonly Block[]): string => blocks.map((block) => block.join('\n')).join('\n\n');

/** The first block is the message's first line and the marker, and always fits. */
function fitting(blocks: readonly Block[], room: number): readonly Block[] {
  const [first, ...others] = blocks;
  const kept: Block[] = first ? [first] : [];
  for (const [heading, ...lines] of others) {
    if (textOf([...kept, [heading]]).length > room) break;
    let block: Block = [heading];
    for (const line of lines) {
      const longer: Block = [...block, line];
      if (textOf([...kept, longer]).length > room) {
        return block.length > 1 ? [...kept, block] : kept;
      }
      block = longer;
    }
    kept.push(block);
  }
  return kept;
}
