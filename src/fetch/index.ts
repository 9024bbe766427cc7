export type { SessionRouteOptions } from '../routes/route-options.js';
export { type SessionFetchHandler, sessionFetchHandler } from './session-fetch-handler.js';
