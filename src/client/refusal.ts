import type { Closed } from './wire.js';

/** An answer that is no batch: a problem document of the server, or whatever stands between answers. */
export class Refusal extends Error {
  readonly status: number;
  /** Of the server's problem document. What a proxy or a captive portal answers has none. */
  readonly code: string | undefined;
  readonly closed: Closed | undefined;
  /** Milliseconds to wait at least. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: unknown, retryAfter?: number) {
    const { code, detail, closed } = Object(problem);
    super(typeof detail === 'string' ? detail : `Status ${status}`);
    this.status = status;
    this.code = typeof code === 'string' ? code : undefined;
    this.closed = typeof closed?.code === 'string' ? closed : undefined;
    this.retryAfter = retryAfter;
  }

  /** Whether the server itself has refused, and would refuse again. */
  get isFinal(): boolean {
    return this.code !== undefined && this.status < 500 && ![408, 425, 429].includes(this.status);
  }
}

/** Reads an answer of the server as JSON. @throws Refusal for anything else */
export async function readAnswer<Value>(
  response: Response,
  isValue: (value: unknown) => value is Value,
): Promise<Value> {
  const value = await bodyOf(response);
  if (response.ok && isValue(value)) return value;
  throw refusalOf(response, value);
}

export async function refuse(response: Response): Promise<never> {
  throw refusalOf(response, await bodyOf(response));
}

async function bodyOf(response: Response): Promise<unknown> {
  const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
  if (isJson) return response.json();
  await response.body?.cancel();
  return undefined;
}

function refusalOf({ status, headers }: Response, problem: unknown): Refusal {
  const after = headers.get('retry-after') ?? '';
  const seconds = /^\d+$/.test(after) ? Number(after) * 1_000 : Date.parse(after) - Date.now();
  return new Refusal(status, problem, seconds > 0 ? seconds : undefined);
}
