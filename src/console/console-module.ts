import { ContainerModule } from 'inversify';
import { SessionManager } from '../service/session-manager.js';
import { consoleController } from './console-controller.js';
import { type ConsoleOptions, checkConsoleOptions } from './console-options.js';
import { ConsoleRoutes } from './console-routes.js';
import { ConsoleState } from './console-state.js';

/**
 * Binds the controller of the console. Load it together with `sessionModule`; an adapter of `@inversifyjs/http-core` that uses
 * the container then serves the console. The guard gets the request of the adapter's framework.
 *
 * @throws SessionError `INVALID_CONTEXT`, also without a guard
 */
export function consoleModule(options: ConsoleOptions): ContainerModule {
  const checked = checkConsoleOptions('consoleModule', options);
  return new ContainerModule(({ bind, onActivation }) => {
    // A node reports its figures from its start, not from the first request to its own console.
    onActivation(SessionManager, (_context, manager) => {
      ConsoleState.of(manager.inApp(checked.app));
      return manager;
    });
    bind(ConsoleRoutes)
      .toResolvedValue((manager: SessionManager) => new ConsoleRoutes(manager, checked), [SessionManager])
      .inSingletonScope();
    bind(consoleController(checked.path)).toSelf().inSingletonScope();
  });
}
