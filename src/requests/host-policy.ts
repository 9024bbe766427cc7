import { isIPv6 } from 'node:net';
import * as v from 'valibot';
import { quote, SessionError } from '../errors/session-error.js';
import { checkOptions } from '../validation/options.js';
import { originOfHost } from './origin.js';

const listRule = 'must be an array of host names, such as ["sessions.internal"]';
const nameRule = 'must be a host name or an IP address, without scheme, port, path or wildcard';

/** Whether it is a name or an address alone, as `HostOptions` lists them. */
export function isHostName(text: string): boolean {
  return nameOf(text) !== undefined;
}

/** `undefined` unless the text is a name or an address alone. */
function nameOf(text: string): string | undefined {
  const host = isIPv6(text) ? `[${text}]` : text;
  return /^\[[^\]]*\]$|^[^:]*$/.test(host) ? hostNameOf(host) : undefined;
}

/** A list of names that requests may give in `Host`. */
export const hostNames = v.array(v.pipe(v.string(nameRule), v.check(isHostName, nameRule)), listRule);

/** Options of `HostPolicy`. */
export interface HostOptions {
  /** Names and addresses that a request may give, beside those of the loopback interface; each with any port. Default none. */
  readonly hosts?: readonly string[];
}

/** What is read of a request of `node:http` or `node:http2`. */
interface NodeRequest {
  readonly url?: string | undefined;
  /** Names and values in turns. */
  readonly rawHeaders: readonly string[];
}

/**
 * Refuses requests for a host that this server is not known by: DNS rebinding. A page of `evil.example` whose name was made
 * to point at 127.0.0.1 is of the same origin as a server on this machine, so its requests pass every check of `Origin` and
 * `Sec-Fetch-Site`, and it reads the answers. Only `Host` still tells, because the browser writes the page's host there.
 *
 * Taken are `localhost`, the addresses 127.0.0.0/8 and `[::1]`, and the names that are configured. A request must name its
 * host in exactly one `Host` header (`:authority` over HTTP/2), and in its target, if that is absolute, as well.
 */
export class HostPolicy {
  readonly #names: ReadonlySet<string>;

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(options: HostOptions = {}) {
    const known = { hosts: v.optional(hostNames, []) };
    const { hosts } = checkOptions({ front: 'HostPolicy', known }, options);
    this.#names = new Set(hosts.flatMap((text) => nameOf(text) ?? []));
  }

  /** @throws SessionError `CROSS_SITE` */
  require(request: NodeRequest): void {
    const named = hostsOf(request.rawHeaders);
    const [host] = named;
    if (host === undefined || named.length > 1) {
      throw refusal('The request must have one Host header', named.join(', '));
    }
    const target = absoluteForm.exec(request.url ?? '')?.[1];
    for (const text of target === undefined ? [host] : [host, target]) {
      const name = hostNameOf(text);
      if (name === undefined || !(isLoopbackName(name) || this.#names.has(name))) {
        throw refusal('The request names a host that this server does not serve', text);
      }
    }
  }
}

/** Whether this is the loopback interface: a name or an address to listen on, without a port. */
export function isLoopbackHost(text: string): boolean {
  const name = nameOf(text);
  return name !== undefined && isLoopbackName(name);
}

/** What precedes the path in a target such as `http://user@host:80/path`. */
const absoluteForm = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

/** The WHATWG parser has made every notation of an IPv4 address one, and `127.evil.example` is none. */
const loopbackAddress = /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

/** @param name as `hostNameOf` returns it */
function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || loopbackAddress.test(name);
}

/** The name in a `Host` header: in lower case, without port and final dot. `undefined` for what no browser sends. */
function hostNameOf(text: string): string | undefined {
  const name = originOfHost('http', text)?.host.replace(/\.$/, '');
  return name === '' ? undefined : name;
}

function hostsOf(rawHeaders: readonly string[]): string[] {
  const hosts: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase();
    if (name === 'host' || name === ':authority') hosts.push(rawHeaders[index + 1] ?? '');
  }
  return hosts;
}

function refusal(text: string, host: string): SessionError {
  const quoted = quote(host);
  return new SessionError('CROSS_SITE', `${text}: ${quoted}`, { origin: quoted });
}
