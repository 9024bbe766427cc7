export type { OriginOptions } from '../requests/origin-policy.js';
export type { ExpressSessionOptions, RequestSessionOptions } from '../requests/request-credentials.js';
export { sessionFromRequest } from '../requests/session-from-request.js';
export {
  authenticateUpgrade,
  sessionOf,
  type UpgradeOptions,
  type WebSocketServerFace,
} from './authenticate-upgrade.js';
export type { SocketIoSocket } from './socket-io-link.js';
export {
  ConnectRefusal,
  type ConnectRefusalData,
  type SocketIoOptions,
  type SocketIoSessionData,
  socketIoAllowRequest,
  socketIoSession,
} from './socket-io-session.js';
export type { UpgradingServer } from './upgrade-doors.js';
export type { WebSocketFace } from './web-socket-link.js';
