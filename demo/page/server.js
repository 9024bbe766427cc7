// Requests to the demo's server, except those of the library's client.

const TIMEOUT = 10_000;

/** An answer with an error status, described by RFC 9457 problem details. */
export class Problem extends Error {
  constructor(status, { detail = `The server answered ${status}.`, code }) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** The server did not answer: it is down, or the answer was lost. */
export class NoAnswer extends Error {
  constructor(cause) {
    super('The server does not answer.', { cause });
  }
}

async function ask(method, path, { body, headers } = {}) {
  const response = await fetch(path, {
    method,
    headers: body ? { 'content-type': 'application/json', ...headers } : { ...headers },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT),
    cache: 'no-store',
  }).catch((cause) => {
    throw new NoAnswer(cause);
  });
  if (response.status === 204) return undefined;
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new Problem(response.status, answer);
}

/** The key of the demo's administrator, who may push to every session. */
let adminKey = 'demo';
export function setAdminKey(key) {
  adminKey = key;
}
const asAdmin = () => ({ 'x-admin-key': adminKey });
const bearer = (token) => ({ authorization: `Bearer ${token}` });

/** Returns the requests to the service of one policy of the limit. */
export function serviceOf(policy) {
  const at = `/policies/${policy}`;
  return {
    logIn: (account, device) => ask('POST', `${at}/login`, { body: { account, device } }),
    logOut: (token) => ask('DELETE', `${at}/sessions/current`, { headers: bearer(token) }),
    rotate: (token) => ask('POST', `${at}/token`, { headers: bearer(token), body: {} }),
    push: (to, data) => ask('POST', `${at}/messages`, { body: { to, data }, headers: asAdmin() }),
    flood: (session, data) => ask('POST', `${at}/flood`, { body: { session, data }, headers: asAdmin() }),
    mailboxes: (accounts) => {
      const query = new URLSearchParams(accounts.map((account) => ['account', account]));
      return ask('GET', `${at}/mailboxes?${query}`, { headers: asAdmin() });
    },
  };
}

export const operations = {
  describe: () => ask('GET', '/operations'),
  restart: () => ask('POST', '/operations/restart', { body: {}, headers: asAdmin() }),
  kill: () => ask('POST', '/operations/kill', { body: {}, headers: asAdmin() }),
  redis: (action) => ask('POST', '/operations/redis', { body: { action }, headers: asAdmin() }),
};
