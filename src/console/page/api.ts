/** Figures of a node. A node may run another version of the package, so each figure may be missing. */
export interface Figures {
  readonly host?: string;
  readonly pid?: number;
  readonly uptime?: number;
  readonly held?: number;
  readonly isDraining?: boolean;
  readonly memory?: number;
  readonly storeMs?: number;
  readonly storeFault?: string;
  readonly messages?: {
    readonly pushed?: number;
    readonly dropped?: number;
    readonly delivered?: number;
    readonly latency?: { readonly bounds: readonly number[]; readonly buckets: readonly number[] };
  };
  readonly counts?: Readonly<Record<string, number | Readonly<Record<string, number>>>>;
}

export interface NodeEntry {
  readonly node: string;
  readonly isThis: boolean;
  readonly age: number;
  readonly figures: Figures;
}

export interface SecurityEntry {
  readonly event: 'refused' | 'limit';
  readonly at: number;
  readonly id?: string;
  readonly accountId?: string;
  readonly kind?: string;
  readonly reason?: string;
  readonly verdict?: string;
  readonly maxSession?: number;
  readonly ip?: string;
  readonly userAgent?: string;
}

export interface ActEntry {
  readonly operator: string;
  readonly act: string;
  readonly id?: string;
  readonly accountId?: string;
  readonly outcome: string;
  readonly count: number;
  readonly at: number;
  readonly ip: string;
}

export interface Overview {
  readonly operator: string;
  readonly app: string;
  readonly at: number;
  readonly nodes: readonly NodeEntry[];
  readonly nodesFault?: string;
  readonly security: readonly SecurityEntry[];
  readonly acts: readonly ActEntry[];
}

export interface ConsoleSession {
  readonly id: string;
  readonly accountId: string;
  readonly createdAt: number;
  readonly lastTime: number;
  readonly ip: string;
  readonly lastIp: string;
  readonly userAgent: string;
  readonly lastUserAgent: string;
  readonly presence: string;
  readonly undelivered: number;
}

export interface ConsoleSessionPage {
  readonly sessions: readonly ConsoleSession[];
  readonly cursor?: string;
  readonly more?: number;
}

export interface SessionCensus {
  readonly sessions: number;
  readonly activeAccounts: number;
  readonly presence: { readonly online: number; readonly away: number };
  readonly at: number;
}

/** The server answered a request with an error. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

// The console may be mounted anywhere. Its endpoints have URLs relative to this script.
const api = new URL('api/', import.meta.url);

export function read<Answer>(path: string): Promise<Answer> {
  return ask(path, {});
}

export function act(name: string, body: object): Promise<{ readonly count: number }> {
  const headers = { 'content-type': 'application/json', 'x-session-mailbox-console': '1' };
  return ask(name, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function ask<Answer>(path: string, options: RequestInit): Promise<Answer> {
  const response = await fetch(new URL(path, api), { credentials: 'same-origin', cache: 'no-store', ...options });
  if (response.ok) return response.json();
  const problem: { detail?: unknown } = await response.json().catch(() => ({}));
  const detail = typeof problem.detail === 'string' ? problem.detail : `The server answered ${response.status}`;
  throw new ApiError(response.status, detail);
}
