// The API reference: every subpath of the package. A broken link or an exported name without a docstring fails the run.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const modules = Object.values(exports).filter((path) => /^\.\/dist\/.*(?<!\/bundle)\.js$/.test(path));

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'session-mailbox',
  entryPoints: modules.map((path) => path.replace('./dist/', `${root}src/`).replace(/\.js$/, '.ts')),
  tsconfig: `${root}tsconfig.build.json`,
  basePath: `${root}src`,
  readme: `${root}README.md`,
  out: `${root}.build/reference`,
  excludePrivate: true,
  excludeProtected: true,
  excludeInternal: true,
  disableSources: true,
  githubPages: false,
  // Properties and methods need a docstring only where their name and type do not explain them.
  requiredToBeDocumented: ['Class', 'Interface', 'Function', 'TypeAlias', 'Variable', 'Enum'],
  intentionallyNotDocumented: [
    // Shapes of other libraries, which those libraries document.
    'websocket.WebSocketServerLike.handleUpgrade',
    'websocket.WebSocketServerLike.emit',
    'websocket.SocketIoLike.conn.__type.once',
    'websocket.SocketIoLike.conn.__type.off',
    'websocket.SocketIoLike.conn.__type.close',
    'websocket.SocketIoLike.once',
    'websocket.SocketIoLike.emit',
    'websocket.SocketIoLike.disconnect',
    'websocket.StreamSocket.send',
    'websocket.StreamSocket.close',
    'websocket.StreamSocket.terminate',
    'websocket.StreamSocket.on',
    'websocket.WebSocketLike.close',
    'websocket.WebSocketLike.terminate',
    'websocket.WebSocketLike.ping',
    'websocket.WebSocketLike.on',
    'websocket.WebSocketLike.removeAllListeners',
    'websocket.UpgradingServer.on',
    'websocket.UpgradingServer.off',
    'websocket.UpgradingServer.listenerCount',
    'client/event-source.Source.addEventListener',
    'client/event-source.Source.close',
    'client.TabStorage.getItem',
    'client.TabStorage.setItem',
    'requests.ExpressSessionOptions.store.__type.sessionOf',
    'express-session.FailedRequest.__type.session.__type.destroy',
    'index.IssuedSession.[custom]',
    'index.Session.[custom]',
    'index.Message.toJSON',
    // Methods that Inversify calls. docs/http.md lists their routes.
    'http.AckController.acknowledge',
    'http.EventController.stream',
    'http.PollController.poll',
    'http.PreflightController.poll',
    'http.PreflightController.events',
    'http.PreflightController.ack',
    'http.PreflightController.sessions',
    'http.PreflightController.session',
    'http.CrossOriginMiddleware.execute',
    'http.SessionController.list',
    'http.SessionController.logOut',
    'http.SessionController.revoke',
    'http.SessionController.revokeOthers',
    'http.SessionErrorFilter.catch',
    'http.CrossSiteGuard.activate',
    'http.SessionGuard.activate',
  ],
  validation: { notExported: false, invalidLink: true, invalidPath: true, notDocumented: true },
  treatValidationWarningsAsErrors: true,
};
