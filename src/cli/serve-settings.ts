import { defaultNamespace } from '../compat/redis-sessions/class/client-options.js';
import { quote } from '../errors/session-error.js';
import { isHostName } from '../requests/host-policy.js';
import { type Flags, type GivenFlags, namespaceOf, portOf, redisUrlOf, UsageError } from './usage.js';

export const serveFlags: Flags = {
  host: { value: 'address', help: 'Interface to listen on (default 127.0.0.1: this machine alone)' },
  hosts: {
    value: 'names',
    help: 'Names, separated by commas, that requests may have in Host, in addition to localhost',
  },
  port: { value: 'number', help: 'Port to listen on (RS_PORT, default 3000)' },
  redis: {
    value: 'url',
    help: 'Redis that keeps the sessions (RS_REDISURL, or RS_REDISHOST and RS_REDISPORT; default: memory)',
  },
  namespace: { value: 'name', help: 'Prefix of every key in Redis (RS_NAMESPACE, default rs)' },
  data: { value: 'folder', help: 'Without Redis: keep the sessions in a database in this folder, crash-safe' },
  snapshot: { value: 'file', help: 'Without Redis: keep the sessions in this file from a stop to the next start' },
  'api-key': { value: 'key', help: 'Key that requests must show in the header X-API-Key (RS_APIKEY)' },
  'strict-status': { help: 'Answer 400, 404, 409 and 503 where rest-sessions answers 500 or 200' },
  'max-session': { value: 'number', help: 'Live sessions an id may have; more are refused (default: any number)' },
  help: { help: 'Show this' },
};

/** Which store keeps the sessions. */
export type StoreSettings =
  | { readonly kind: 'memory'; readonly snapshot: string | undefined }
  | { readonly kind: 'sqlite'; readonly folder: string }
  | { readonly kind: 'redis'; readonly url: string; readonly namespace: string };

export interface ServeSettings {
  readonly host: string;
  /** Names that requests may have in `Host`; `undefined` if none were configured. */
  readonly hosts: readonly string[] | undefined;
  readonly port: number;
  readonly store: StoreSettings;
  readonly apiKey: string | undefined;
  readonly strictStatus: boolean;
  readonly maxSession: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A flag wins over the variable of rest-sessions, which wins over the default. @throws UsageError */
export function readServeSettings(flags: GivenFlags, environment: Environment): ServeSettings {
  const given = (name: string) => (environment[name] === '' ? undefined : environment[name]);
  const flagPort = flags.text('port');
  const port = flagPort === undefined ? portOf('RS_PORT', given('RS_PORT') ?? '3000') : portOf('--port', flagPort);
  return {
    // rest-sessions listens on all interfaces. Everyone who reaches the port can end every session, so by default only
    // this machine can reach it here.
    host: flags.text('host') ?? '127.0.0.1',
    hosts: hostsOf(flags.text('hosts')),
    port,
    store: storeSettingsOf(flags, given),
    apiKey: flags.text('api-key') ?? given('RS_APIKEY'),
    strictStatus: flags.isOn('strict-status'),
    maxSession: maxSessionOf(flags.text('max-session') ?? '0'),
  };
}

function hostsOf(text: string | undefined): readonly string[] | undefined {
  const names = text?.split(',').map((name) => name.trim());
  const wrong = names?.find((name) => !isHostName(name));
  if (wrong === undefined) return names;
  throw new UsageError(`--hosts must be host names without ports, separated by commas; got ${quote(wrong)}`);
}

function storeSettingsOf(flags: GivenFlags, given: (name: string) => string | undefined): StoreSettings {
  const url = flags.text('redis');
  const snapshot = flags.text('snapshot');
  const folder = flags.text('data');
  if (folder !== undefined && snapshot !== undefined) {
    throw new UsageError('--snapshot has no effect with --data: leave one of them out');
  }
  const redis = url === undefined ? redisOfVariables(given) : redisUrlOf('--redis', url);
  if (redis === undefined) return folder === undefined ? { kind: 'memory', snapshot } : { kind: 'sqlite', folder };
  if (folder !== undefined) throw new UsageError('--data has no effect with a Redis: leave one of them out');
  if (snapshot !== undefined) throw new UsageError('--snapshot has no effect with a Redis: leave one of them out');
  const flag = flags.text('namespace');
  const namespace =
    flag === undefined
      ? namespaceOf('RS_NAMESPACE', given('RS_NAMESPACE') ?? defaultNamespace)
      : namespaceOf('--namespace', flag);
  return { kind: 'redis', url: redis, namespace };
}

/** As in rest-sessions, the address in RS_REDISURL wins over host and port. */
function redisOfVariables(given: (name: string) => string | undefined): string | undefined {
  const url = given('RS_REDISURL');
  return url === undefined ? addressOf(given('RS_REDISHOST'), given('RS_REDISPORT')) : redisUrlOf('RS_REDISURL', url);
}

function addressOf(host: string | undefined, port: string | undefined): string | undefined {
  if (host === undefined && port === undefined) return undefined;
  const number = portOf('RS_REDISPORT', port ?? '6379');
  const name = host ?? '127.0.0.1';
  return redisUrlOf('RS_REDISHOST', `redis://${name.includes(':') ? `[${name}]` : name}:${number}`);
}

function maxSessionOf(text: string): number {
  if (/^[0-9]{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`--max-session must be a whole number; got ${quote(text)}`);
}
