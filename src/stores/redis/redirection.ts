/** The answer of a Cluster server that did not carry out a call. */
export interface Redirection {
  /**
   * `moved`: the slot has another master. `ask`: the slot is being moved, and another server takes this call. `later`:
   * no server takes the call now.
   */
  readonly kind: 'moved' | 'ask' | 'later';
  /** The server that takes the call, as `host:port`, for the kind `ask`. */
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
