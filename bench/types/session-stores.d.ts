declare module 'better-sqlite3-session-store' {
  import type { Store } from 'express-session';

  /** The part of a better-sqlite3 connection that the store uses. */
  export interface BetterClient {
    exec(sql: string): void;
    prepare(sql: string): object;
  }

  export default function makeStore(session: {
    readonly Store: typeof Store;
  }): new (options: {
    readonly client: BetterClient;
  }) => Store;
}

declare module 'session-file-store' {
  import type { Store } from 'express-session';

  interface Options {
    readonly path: string;
    readonly logFn: (text: string) => void;
  }

  export default function makeStore(session: { readonly Store: typeof Store }): new (options: Options) => Store;
}
