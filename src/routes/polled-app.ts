import type { SessionManager } from '../service/session-manager.js';

/** What a poll needs of an app. `authenticate` is called only when several cookies have tokens. */
export type PolledApp = Pick<SessionManager, 'authenticate' | 'pollAsBearer' | 'reportRefused'>;
