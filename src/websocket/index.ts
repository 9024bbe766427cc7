export type { ExpressSessionOptions, RequestSessionOptions } from '../requests/credentials.js';
export type { HandshakeOriginOptions, OriginOptions } from '../requests/origin-policy.js';
export {
  authenticateUpgrade,
  sessionOfSocket,
  type UpgradeOptions,
  type WebSocketServerLike,
} from './authenticate-upgrade.js';
export type { SocketIoLike } from './socket-io-link.js';
export {
  ConnectRefusal,
  type ConnectRefusalData,
  type SocketIoOptions,
  type SocketIoSessionData,
  socketIoAllowRequest,
  socketIoSession,
} from './socket-io-session.js';
export { type StreamSocket, streamMailbox } from './stream-mailbox.js';
export type { UpgradingServer } from './upgrade-router.js';
export type { WebSocketLike } from './web-socket-link.js';
