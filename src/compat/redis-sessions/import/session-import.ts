import type { AdoptedSession, TokenAliases } from '../../../store/token-aliases.js';
import type { OldNamespace } from './old-namespace.js';
import { judge, type OldSession } from './old-session.js';

/** Numbers of sessions. */
export interface ImportCounts {
  /** Sessions that this run imported; in a dry run, sessions that a run would import. */
  readonly imported: number;
  /** Sessions that an earlier run imported. */
  readonly present: number;
  readonly expired: number;
  /** Sessions that were not imported, because this package would refuse their id, app, ip or data. */
  readonly unusable: number;
  /** Index entries of other apps, and malformed index entries. */
  readonly skipped: number;
}

export interface ImportOptions {
  /** Imports only sessions of this app. */
  readonly app?: string | undefined;
  /** Whether to count the sessions only, and to change nothing. */
  readonly dryRun: boolean;
  readonly now: () => number;
  readonly onProgress: (counts: ImportCounts) => void;
  readonly onUnusable: (session: OldSession, why: string) => void;
}

/**
 * Imports the live sessions of an old namespace. Safe to run twice, and while services use the old or the new sessions.
 * The import does not touch a session that was imported before, even if it has changed or ended since then.
 */
export async function importSessions(
  from: OldNamespace,
  to: TokenAliases,
  options: ImportOptions,
): Promise<ImportCounts> {
  const counts = { imported: 0, present: 0, expired: 0, unusable: 0, skipped: 0 };
  const importOne = async (token: string, session: AdoptedSession) => {
    const isNew = options.dryRun ? !(await to.isAdopted(session.app, token)) : await to.adopt(token, session);
    counts[isNew ? 'imported' : 'present'] += 1;
  };
  for await (const { sessions, skipped } of from.sessions(options.app)) {
    counts.skipped += skipped;
    await Promise.all(
      sessions.map(async (old) => {
        const verdict = judge(old, options.now());
        if (verdict.kind === 'live') {
          await importOne(old.token, verdict.session);
          return;
        }
        counts[verdict.kind] += 1;
        if (verdict.kind === 'unusable') options.onUnusable(old, verdict.why);
      }),
    );
    options.onProgress({ ...counts });
  }
  return counts;
}
