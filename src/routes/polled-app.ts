import type { SessionManager } from '../service/session-manager.js';

/** The part of an app that polls use. They call `authenticate` only if several cookies have tokens. */
export type PolledApp = Pick<SessionManager, 'authenticate' | 'pollAsBearer' | 'reportRefused'>;
