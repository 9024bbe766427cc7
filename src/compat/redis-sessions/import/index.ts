export { OldNamespace } from './old-namespace.js';
export type { OldSession } from './old-session.js';
export { type ImportCounts, type ImportOptions, importSessions } from './session-import.js';
