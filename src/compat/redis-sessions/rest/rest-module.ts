import { ContainerModule } from 'inversify';
import {
  Credentials,
  OriginPolicy,
  PollApp,
  PollController,
  SessionErrorFilter,
  SessionHttpOptions,
} from '../../../http/index.js';
import { SessionManager } from '../../../service/session-manager.js';
import { LibraryService } from '../class/library-service.js';
import { OldTokens } from '../class/old-tokens.js';
import type { SessionData } from '../class/types.js';
import { AdminController } from './admin-controller.js';
import { ApiKeyGuard } from './api-key-guard.js';
import { LibraryController } from './library-controller.js';
import { LibraryErrorFilter } from './library-error-filter.js';
import { PushController } from './push-controller.js';
import { QueryPollApp } from './query-poll-app.js';
import { RestMetrics } from './rest-metrics.js';
import { RestOptions, type RestOptionsInput } from './rest-options.js';

/**
 * Module with the controllers of the REST service. Load it together with `sessionModule`, then call `buildRestServer`.
 * It has only the poll controller of `session-mailbox/http`, because the other controllers serve a single app.
 *
 * @throws SessionError `INVALID_CONTEXT`
 */
export function restModule(options: RestOptionsInput = {}): ContainerModule {
  const validated = new RestOptions(options);
  return new ContainerModule(({ bind }) => {
    bind(RestOptions).toConstantValue(validated);
    bind(RestMetrics).toSelf().inSingletonScope();
    bind(OldTokens).toConstantValue(new OldTokens());
    bind(LibraryService).toResolvedValue(libraryServiceOf, [SessionManager, OldTokens]).inSingletonScope();
    bind(ApiKeyGuard).toSelf().inSingletonScope();
    bind(LibraryErrorFilter).toSelf().inSingletonScope();
    bind(LibraryController).toSelf().inSingletonScope();
    bind(PushController).toSelf().inSingletonScope();
    bind(AdminController).toSelf().inSingletonScope();
    bind(SessionHttpOptions).toConstantValue(new SessionHttpOptions());
    bind(OriginPolicy).toConstantValue(new OriginPolicy());
    bind(Credentials).toConstantValue(new Credentials('restModule', { secure: false }));
    bind(SessionErrorFilter).toSelf().inSingletonScope();
    bind(PollApp).to(QueryPollApp).inSingletonScope();
    bind(PollController).toSelf().inSingletonScope();
  });
}

function libraryServiceOf(manager: SessionManager, oldTokens: OldTokens): LibraryService<SessionData> {
  return new LibraryService<SessionData>({ running: manager, manager: async () => manager }, undefined, oldTokens);
}
