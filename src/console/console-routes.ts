import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import { OriginPolicy } from '../requests/origin-policy.js';
import { problemOf } from '../requests/problem.js';
import { type RequestHead, requestHeadOf } from '../requests/request-head.js';
import { type Answer, answerToError, jsonAnswer } from '../routes/answer.js';
import { jsonBodyOf } from '../routes/json-body.js';
import { requireManager } from '../service/require-manager.js';
import type { SessionManager } from '../service/session-manager.js';
import { carryOut, isActName } from './acts.js';
import type { CheckedConsoleOptions, ConsoleGuard } from './console-options.js';
import { ConsoleState } from './console-state.js';
import { operatorOf } from './operator.js';
import { type AssetName, assetAnswer, isAssetName, pageAnswer } from './page-answers.js';
import { listSessions } from './session-list.js';

/**
 * Header that each act must have. A page of another site can't send it: for a custom header the browser first sends a
 * preflight, which the console does not answer.
 */
export const consoleHeader = 'x-session-mailbox-console';

/** Bytes allowed for the JSON of an act in addition to the message: more than its field names, id and account take. */
const actOverhead = 4_096;

/** The target of a request to the console. */
export type ConsoleRoute =
  | { readonly kind: 'page' }
  | { readonly kind: 'asset'; readonly name: AssetName }
  | { readonly kind: 'overview' }
  | { readonly kind: 'sessions' }
  | { readonly kind: 'census' }
  | { readonly kind: 'act'; readonly act: string };

/** Headers of every answer. They keep other sites from showing the page in a frame and from loading JSON as a script. */
const protection: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** All answers of the console, independent of the framework. Only requests that the guard accepts get them. */
export class ConsoleRoutes<Incoming extends object = object> {
  readonly #manager: SessionManager;
  readonly #guard: ConsoleGuard<Incoming>;
  readonly #prefix: string;
  readonly #origins: OriginPolicy;
  readonly #state: ConsoleState;

  /** @param manager of a service that runs */
  constructor(manager: SessionManager, options: CheckedConsoleOptions<Incoming>) {
    const { app, guard, path, secure, trustedOrigins } = options;
    this.#manager = requireManager(manager).inApp(app);
    this.#guard = guard;
    this.#prefix = path;
    this.#origins = new OriginPolicy({ secure, trustedOrigins });
    this.#state = ConsoleState.of(this.#manager);
  }

  /**
   * @param path of the request target, as the client sent it
   * @returns undefined for a request that is not for the console
   */
  routeOf(method: string, path: string): ConsoleRoute | undefined {
    const reads = method === 'GET' || method === 'HEAD';
    if (`${path}/` === this.#prefix) return reads ? { kind: 'page' } : undefined;
    if (!path.startsWith(this.#prefix)) return undefined;
    const rest = path.slice(this.#prefix.length);
    if (method === 'POST' && rest.startsWith('api/')) return { kind: 'act', act: rest.slice('api/'.length) };
    if (!reads) return undefined;
    if (rest === '') return { kind: 'page' };
    if (rest === 'api/overview') return { kind: 'overview' };
    if (rest === 'api/sessions') return { kind: 'sessions' };
    if (rest === 'api/census') return { kind: 'census' };
    return isAssetName(rest) ? { kind: 'asset', name: rest } : undefined;
  }

  /**
   * Never rejects: an error becomes a problem document.
   * @param request of the framework, for the guard
   * @param path of the request target, as the client sent it
   */
  async answer(
    route: ConsoleRoute,
    request: Incoming,
    path: string,
    query: { readonly [name: string]: unknown },
  ): Promise<Answer> {
    const { status, headers, body } = await this.#guarded(route, request, path, query).catch(answerToError);
    return { status, headers: { ...headers, ...protection }, body };
  }

  /** Calls the guard before anything else, so that a refused client does not even learn which requests are well-formed. */
  async #guarded(
    route: ConsoleRoute,
    request: Incoming,
    path: string,
    query: { readonly [name: string]: unknown },
  ): Promise<Answer> {
    const operator = await this.#operatorOf(request);
    if (operator === undefined) return problem(403, 'The guard of the console refuses this request');
    switch (route.kind) {
      case 'page':
        return pageAnswer(this.#prefix, path);
      case 'asset':
        return assetAnswer(route.name);
      case 'overview':
        return jsonAnswer({ operator, ...(await this.#state.overview()) });
      case 'sessions':
        return jsonAnswer(await listSessions(this.#manager, query));
      case 'census':
        return jsonAnswer(await this.#state.census.count());
      case 'act':
        return this.#act(route.act, operator, request);
    }
  }

  async #operatorOf(request: Incoming): Promise<string | undefined> {
    try {
      return await operatorOf(this.#guard, request);
    } catch (error) {
      // The client gets a SessionError, such as CROSS_SITE or STORE_UNAVAILABLE. Any other error is a fault of the guard:
      // report it and refuse the request.
      if (SessionError.is(error)) throw error;
      reportFault('The guard of the console failed', error);
      return undefined;
    }
  }

  async #act(act: string, operator: string, request: Incoming): Promise<Answer> {
    const head = requestHeadOf(request);
    this.#origins.require(head);
    if (head.header(consoleHeader) === undefined) return problem(403, `The header ${consoleHeader} must be sent`);
    if (!isActName(act)) return problem(404, 'The console has no such act');
    const body = await jsonBodyOf(request, this.#manager.context.msgMaxBytes + actOverhead);
    return answerOf(() => carryOut(this.#manager, { name: operator, ip: ipOf(head) }, act, body));
  }
}

/** Answers 404 if the session of an act is missing. The 401 of its error code would say that the operator must log in. */
async function answerOf(act: () => Promise<object>): Promise<Answer> {
  try {
    return jsonAnswer(await act());
  } catch (error) {
    if (SessionError.is(error, 'SESSION_UNKNOWN') || SessionError.is(error, 'SESSION_CLOSED'))
      return problemOf(error, 404);
    throw error;
  }
}

/** Limits the length of the address, because middleware may set any text. */
function ipOf(head: RequestHead): string {
  return head.ip().slice(0, 64);
}

function problem(status: 403 | 404, detail: string): Answer {
  const title = status === 403 ? 'Forbidden' : 'Not Found';
  const headers = { 'content-type': 'application/problem+json' };
  return { status, headers, body: JSON.stringify({ title, status, detail }) };
}
