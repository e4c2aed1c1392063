import { BlockList, isIP } from 'node:net';
import { BASE_URL_REMEDY, baseUrlFault } from '../../../http/base-url.ts';
import type { ConfigPath, Finding } from '../problem.ts';
import { durationText } from '../../../http/units.ts';
import { blankIn, expandVariables, namesVariable } from '../variables.ts';
import { finding, type Draft } from './draft.ts';

/** Rules on upstreams, deadlines and the listener. */

const VARIABLE_REMEDY = 'write ${NAME} with letters, digits and _';

export function upstreamUrlsAreSound({ direct, gateway, env }: Draft): Finding[] {
  return [['direct', direct] as const, ['gateway', gateway] as const].flatMap(([name, upstream]) => {
    if (!upstream) return [];
    const path = ['upstreams', name, 'url'];
    const { text, missing } = expandVariables(upstream.url, env);
    const blank = blankIn(upstream.url, env);
    if (blank.length > 0) {
      const message = `${blank.join(' and ')} holds nothing but blanks`;
      return [finding(path, message, 'write a value, or leave it empty to unset it')];
    }
    // A gateway that is not set is the rollback of last resort, not a mistake.
    if (name === 'gateway' && (missing.length > 0 || text.trim() === '')) return [];
    if (missing.length > 0) {
      const message = `${missing.join(' and ')} is not set in the environment`;
      return [finding(path, message, `set ${missing.join(' and ')}, or write the URL here`)];
    }
    if (namesVariable(text)) return [finding(path, 'holds a ${ that names no variable', VARIABLE_REMEDY)];
    const fault = baseUrlFault(text.trim());
    return fault === undefined ? [] : [finding(path, `the URL ${fault}`, BASE_URL_REMEDY)];
  });
}

const readsVariables = ([section, , key]: ConfigPath): boolean =>
  (section === 'upstreams' && key === 'url') || (section === 'notify' && (key === 'url' || key === 'secret'));

/** Elsewhere `${NAME}` would be taken at its word, and a kill switch named `${DIR}/off` would never be found. */
export function variablesStandOnlyInUrls({ raw }: Draft): Finding[] {
  const findings: Finding[] = [];
  const visit = (value: unknown, path: ConfigPath): void => {
    if (typeof value === 'string' && namesVariable(value) && !readsVariables(path)) {
      findings.push(
        finding(
          path,
          '${…} is read in upstreams.*.url, notify.*.url and notify.*.secret only',
          'write the value itself',
        ),
      );
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      visit(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  };
  visit(raw, []);
  return findings;
}

type WrittenDeadlines = Partial<Record<'connect' | 'firstByte' | 'idle' | 'total', number>>;

function totalCovers(own: WrittenDeadlines, inherited: WrittenDeadlines, path: ConfigPath): Finding[] {
  const total = own.total ?? inherited.total;
  return (['connect', 'firstByte'] as const).flatMap((key) => {
    const part = own[key] ?? inherited[key];
    if (total === undefined || part === undefined || part <= total) return [];
    const message = `total ${durationText(total)} is shorter than ${key} ${durationText(part)}, which could never pass`;
    return [
      finding([...path, own.total === undefined ? key : 'total'], message, `write ${key} at most as long as total`),
    ];
  });
}

export function totalDeadlineCoversItsParts({ rows, defaults }: Draft): Finding[] {
  if (!defaults) return [];
  const ofRows = rows.flatMap(({ index, route }) =>
    route.deadlines ? totalCovers(route.deadlines, defaults.deadlines, ['routes', index, 'deadlines']) : [],
  );
  return [...totalCovers(defaults.deadlines, {}, ['defaults', 'deadlines']), ...ofRows];
}

function isAddressOrRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  if (!/^\d{1,3}$/.test(prefix)) return false;
  try {
    new BlockList().addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
    return true;
  } catch {
    return false; // a prefix longer than the address
  }
}

export function trustedProxiesAreAddresses({ server }: Draft): Finding[] {
  return (server?.trustedProxies ?? []).flatMap((text, i) =>
    isAddressOrRange(text)
      ? []
      : [
          finding(
            ['server', 'trustedProxies', i],
            `"${text}" is neither an address nor a range`,
            'write 10.1.2.3, 10.0.0.0/8 or fd00::/8',
          ),
        ],
  );
}
