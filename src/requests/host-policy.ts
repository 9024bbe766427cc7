import { isIPv6 } from 'node:net';
import * as v from 'valibot';
import { quote, SessionError } from '../errors/session-error.js';
import { checkOptions } from '../validation/options.js';
import { originOfHost } from './origin.js';

const listRule = 'must be an array of host names, such as ["sessions.internal"]';
const nameRule = 'must be a host name or an IP address, without scheme, port, path or wildcard';

/** Whether the text is only a host name or an address, as in `HostOptions`. */
export function isHostName(text: string): boolean {
  return nameOf(text) !== undefined;
}

/** Returns the normalised host name; `undefined` if the text is not only a name or an address. */
function nameOf(text: string): string | undefined {
  const host = isIPv6(text) ? `[${text}]` : text;
  return /^\[[^\]]*\]$|^[^:]*$/.test(host) ? hostNameOf(host) : undefined;
}

/** Schema of a list of names that requests may have in `Host`. */
export const hostNames = v.array(v.pipe(v.string(nameRule), v.check(isHostName, nameRule)), listRule);

/** Options of `HostPolicy`. */
export interface HostOptions {
  /**
   * Names and addresses that a request may have in `Host`, in addition to those of the loopback interface; each with
   * any port. Default none.
   */
  readonly hosts?: readonly string[];
}

/** The part of a request of `node:http` or `node:http2` that is read. */
interface NodeRequest {
  readonly url?: string | undefined;
  /** Alternating names and values. */
  readonly rawHeaders: readonly string[];
}

/**
 * Refuses requests for a host name that is not this server's, as a protection from DNS rebinding. In this attack the
 * name `evil.example` is made to point at 127.0.0.1. A page of `evil.example` then has the same origin as a server on
 * this machine: its requests pass every check of `Origin` and `Sec-Fetch-Site`, and the page can read the answers. Only
 * `Host` reveals the attack, because the browser writes the page's host there.
 *
 * Accepts `localhost`, the addresses 127.0.0.0/8 and `[::1]`, and the configured names. A request must have exactly one
 * `Host` header (`:authority` over HTTP/2). If the request target is absolute, the host in the target is checked too.
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

/** Whether a name or an address to listen on, without a port, belongs to the loopback interface. */
export function isLoopbackHost(text: string): boolean {
  const name = nameOf(text);
  return name !== undefined && isLoopbackName(name);
}

/** Matches the part before the path in a target such as `http://user@host:80/path`. */
const absoluteForm = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

/** The URL parser has already normalised every notation of an IPv4 address. `127.evil.example` must not match. */
const loopbackAddress = /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

/** @param name as `hostNameOf` returns it */
function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || loopbackAddress.test(name);
}

/**
 * Returns the name in a `Host` header: lower case, no port, no final dot. `undefined` for a text that no browser sends.
 */
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
