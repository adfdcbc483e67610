import { UsageError } from '../../core/errors.js';
import { checkCount } from '../../core/options.js';
import type { ServerAddress } from './client.js';

/** A server, and as whom to speak to it; `tls` says only whether. */
export type ServerUrl = Omit<ServerAddress, 'tls' | 'name'> & { readonly tls: boolean };

const forms = "must be 'memory:', 'redis://[user:password@]host[:port][/database]' or the same with 'rediss:'";
const laterForms = ['redis+sentinel:', 'redis+cluster:', 'rediss+sentinel:', 'rediss+cluster:'];

/**
 * Reads a `redis:` or `rediss:` URL.
 *
 * @param field names the option or variable in the error.
 * @throws UsageError for another scheme, a missing host, a bad port or database, or anything that would be ignored. The
 *   message never holds the password.
 */
export function parseServerUrl(text: string, field: string): ServerUrl {
  const fail = (rule: string): never => {
    throw new UsageError(field, withoutCredentials(text), rule);
  };
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(text)?.[0].toLowerCase();
  if (scheme !== undefined && laterForms.includes(scheme))
    fail(
      `must name one server: this version does not connect to ${scheme.includes('sentinel') ? 'Sentinel' : 'Cluster'}`,
    );
  if (scheme !== 'redis:' && scheme !== 'rediss:') fail(forms);
  const url =
    URL.canParse(text) ?
      new URL(text)
    : fail(`${forms}, with a port from 1 to 65535 and / : @ in a password written as %2F %3A %40`);
  if (url.hostname === '') fail(`${forms}: the host is missing`);
  if (url.port === '0') fail('must have a port from 1 to 65535');
  if (url.search !== '' || url.hash !== '') fail('must end after the database: other settings are options of connect');
  const database =
    /^(?:\/(\d*))?$/.exec(url.pathname) ?? fail('must have a database number of at least 0 after the host, or nothing');
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || 6379),
    database: checkCount(Number(database[1] ?? 0), `the database of ${field}`, 0),
    username: url.username === '' ? undefined : decoded(url.username, fail),
    password: url.password === '' ? undefined : decoded(url.password, fail),
    tls: scheme === 'rediss:',
  };
}

/** A URL for messages: all that stands between `//` and the last `@` is hidden, even where it is no valid URL. */
export function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z\d+.-]*:\/\/)?[^]*@/i, '$1***@');
}

function decoded(part: string, fail: (rule: string) => never): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return fail('must have a user and password in which % is written as %25');
  }
}
