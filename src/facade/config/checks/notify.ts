import { BASE_URL_REMEDY, baseUrlFault } from '../../../http/base-url.ts';
import type { ConfigPath, Finding } from '../problem.ts';
import { blankIn, expandVariables, namesVariable, type Variables } from '../variables.ts';
import { finding, type Draft } from './draft.ts';

/** Rules on who is told of what changes. No message repeats a URL or a secret. */

const MIN_SECRET_LENGTH = 16;

export function notifyTargetsAreSound({ notify, env }: Draft): Finding[] {
  const seen = new Map<string, number>();
  return notify.flatMap(({ index, target: { url, secret } }) => {
    const urlPath = ['notify', index, 'url'];
    const unset = [
      ...unsetVariables(urlPath, url, env),
      ...(secret === undefined ? [] : unsetVariables(['notify', index, 'secret'], secret, env)),
    ];
    if (unset.length > 0) return unset;
    const address = expandVariables(url, env).text.trim();
    const found = [...urlFaults(urlPath, address), ...secretFaults(index, secret, env)];
    const same = seen.get(address);
    if (same !== undefined)
      found.push(finding(urlPath, `is the URL of notify[${same}]`, `add its events to notify[${same}]`));
    else seen.set(address, index);
    return found;
  });
}

export function consoleUrlIsSound({ server }: Draft): Finding[] {
  if (server?.consoleUrl === undefined) return [];
  const fault = baseUrlFault(server.consoleUrl.trim());
  return fault === undefined ? [] : [finding(['server', 'consoleUrl'], `the URL ${fault}`, BASE_URL_REMEDY)];
}

function unsetVariables(path: ConfigPath, written: string, env: Variables): Finding[] {
  const blank = blankIn(written, env);
  if (blank.length > 0) return [finding(path, `${blank.join(' and ')} holds nothing but blanks`, 'write a value')];
  const missing = expandVariables(written, env).missing.join(' and ');
  if (missing === '') return [];
  return [finding(path, `${missing} is not set in the environment`, `set ${missing}, or leave this target out`)];
}

function urlFaults(path: ConfigPath, text: string): Finding[] {
  if (namesVariable(text))
    return [finding(path, 'holds a ${ that names no variable', 'write ${NAME} with letters, digits and _')];
  // A hook may have a query, with a secret even.
  const [withoutQuery = ''] = text.split('?', 1);
  const fault = text.includes('#') ? 'holds a fragment' : baseUrlFault(withoutQuery);
  return fault === undefined ? [] : [finding(path, `the URL ${fault}`, 'write http://host/path or https://host/path')];
}

function secretFaults(index: number, secret: string | undefined, env: Variables): Finding[] {
  if (secret === undefined) return [];
  const path = ['notify', index, 'secret'];
  if (expandVariables(secret, env).text.trim().length >= MIN_SECRET_LENGTH) return [];
  const message = `is shorter than ${MIN_SECRET_LENGTH} characters`;
  return [finding(path, message, 'write a longer one; "openssl rand -hex 24" makes one')];
}
