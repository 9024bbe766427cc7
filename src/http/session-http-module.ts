import { ContainerModule } from 'inversify';
import { Bearer } from './bearer.js';
import { CrossSitePolicy } from './cross-site-policy.js';
import { PollApp, SinglePollApp } from './poll-app.js';
import { PollController } from './poll-controller.js';
import { SessionController } from './session-controller.js';
import { SessionCookie } from './session-cookie.js';
import { SessionErrorFilter } from './session-error-filter.js';
import { CrossSiteGuard, SessionGuard } from './session-guard.js';
import { SessionHttpOptions, type SessionHttpOptionsInput } from './session-http-options.js';

/**
 * The controllers `PollController` and `SessionController`, and what an application's own controllers build on. Goes
 * beside `sessionModule`; an adapter of `@inversifyjs/http-core` built on the same container then serves the routes.
 *
 * @throws SessionError `INVALID_CONTEXT`
 */
export function sessionHttpModule(options: SessionHttpOptionsInput = {}): ContainerModule {
  const validated = new SessionHttpOptions(options);
  return new ContainerModule(({ bind }) => {
    bind(SessionHttpOptions).toConstantValue(validated);
    bind(SessionCookie).toSelf().inSingletonScope();
    bind(CrossSitePolicy).toSelf().inSingletonScope();
    bind(Bearer).toSelf().inSingletonScope();
    bind(SessionGuard).toSelf().inSingletonScope();
    bind(CrossSiteGuard).toSelf().inSingletonScope();
    bind(SessionErrorFilter).toSelf().inSingletonScope();
    bind(PollApp).to(SinglePollApp).inSingletonScope();
    bind(PollController).toSelf().inSingletonScope();
    bind(SessionController).toSelf().inSingletonScope();
  });
}
