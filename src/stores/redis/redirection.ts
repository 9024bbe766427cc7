/** What a server of a Cluster answers when it has not carried out a call. */
export interface Redirection {
  /** The slot has another master; it is being moved, and this call is to go elsewhere; or no server takes it just now. */
  readonly kind: 'moved' | 'ask' | 'later';
  /** `host:port`, of kind `ask`. */
  readonly askAt: string | undefined;
  readonly error?: unknown;
}

export function redirectionIn(error: unknown): Redirection | undefined {
  if (!(error instanceof Error)) return undefined;
  const [code, , address] = error.message.split(' ');
  if (code === 'MOVED') return { kind: 'moved', askAt: undefined, error };
  if (code === 'ASK') return { kind: 'ask', askAt: address, error };
  if (code === 'TRYAGAIN' || code === 'CLUSTERDOWN') return { kind: 'later', askAt: undefined, error };
  return undefined;
}
