import type { ClosedNotice } from './wire.js';

/** An answer that is not a batch: a problem document of the server, or an answer of a proxy or a captive portal. */
export class Refusal extends Error {
  declare readonly status: number;
  /** Code of the server's problem document. The answer of a proxy or a captive portal has none. */
  declare readonly code: string | undefined;
  declare readonly closed: ClosedNotice | undefined;
  /** Minimum milliseconds to wait. */
  declare readonly retryAfter: number | undefined;

  constructor(status: number, problem: unknown, retryAfter?: number) {
    const { code, detail, closed } = Object(problem);
    super(detail ?? `Status ${status}`);
    Object.assign(this, {
      status,
      code: typeof code === 'string' ? code : undefined,
      closed: closed?.code && closed,
      retryAfter,
    });
  }

  /** Whether the server itself refused the request, and would refuse it again. */
  get isFinal(): boolean {
    return !!this.code && this.status < 500 && ![408, 425, 429].includes(this.status);
  }
}

/** Reads an answer of the server as JSON. @throws Refusal for anything else */
export async function readAnswer<Value>(
  response: Response,
  isValue: (value: unknown) => value is Value,
): Promise<Value> {
  const { ok, status, headers, body } = response;
  const type = headers.get('content-type') ?? '';
  const value: unknown = await (/[/+]json\b/.test(type) ? response.json() : body?.cancel());
  if (ok && isValue(value)) return value;
  const after = headers.get('retry-after') ?? '';
  // A number of seconds, or a date.
  const pause = Number(after) * 1_000 || Date.parse(after) - Date.now();
  throw new Refusal(status, type.includes('+json') && value, pause > 0 ? pause : undefined);
}
