import type { AdoptedSession, TokenAliases } from '../../../store/token-aliases.js';
import type { OldNamespace } from './old-namespace.js';
import { judge, type OldSession } from './old-session.js';

/** What has been done so far, in sessions. */
export interface ImportCounts {
  /** Carried over; in a dry run, those that would be. */
  readonly imported: number;
  /** Carried over before. */
  readonly present: number;
  readonly expired: number;
  /** Not carried over, because they could not live here. */
  readonly unusable: number;
  /** Entries of the index that are of no session, or of no app that was asked for. */
  readonly skipped: number;
}

export interface ImportOptions {
  /** Only sessions of this app. */
  readonly app?: string | undefined;
  /** Change nothing, only count. */
  readonly dryRun: boolean;
  readonly now: () => number;
  readonly onProgress: (counts: ImportCounts) => void;
  readonly onUnusable: (session: OldSession, why: string) => void;
}

/**
 * Carries the live sessions of an old namespace over. Safe to run twice, and beside a service that uses either: what was
 * carried over before is left alone, whatever became of it since.
 */
export async function importSessions(
  from: OldNamespace,
  to: TokenAliases,
  options: ImportOptions,
): Promise<ImportCounts> {
  const counts = { imported: 0, present: 0, expired: 0, unusable: 0, skipped: 0 };
  const carry = async (token: string, session: AdoptedSession) => {
    const isNew = options.dryRun ? !(await to.isAdopted(session.app, token)) : await to.adopt(token, session);
    counts[isNew ? 'imported' : 'present'] += 1;
  };
  for await (const { sessions, skipped } of from.sessions(options.app)) {
    counts.skipped += skipped;
    await Promise.all(
      sessions.map(async (old) => {
        const verdict = judge(old, options.now());
        if (verdict.kind === 'live') {
          await carry(old.token, verdict.session);
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
