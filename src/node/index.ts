export type { SessionRouteOptions } from '../routes/route-options.js';
export { type SessionHandler, sessionHandler } from './session-handler.js';
