import { ContainerModule } from 'inversify';
import { Credentials } from '../requests/credentials.js';
import { OriginPolicy } from '../requests/origin-policy.js';
import { SessionCookie } from '../routes/session-cookie.js';
import { AckController } from './ack-controller.js';
import { CrossOriginMiddleware } from './cross-origin-middleware.js';
import { EventController } from './event-controller.js';
import { PollApp, SinglePollApp } from './poll-app.js';
import { PollController } from './poll-controller.js';
import { PreflightController } from './preflight-controller.js';
import { SessionController } from './session-controller.js';
import { SessionErrorFilter } from './session-error-filter.js';
import { CrossSiteGuard, SessionGuard } from './session-guard.js';
import { SessionHttpOptions, type SessionHttpOptionsInput } from './session-http-options.js';

/**
 * Binds `PollController`, `EventController`, `AckController`, `SessionController` and `PreflightController`, and the
 * guards and helpers for an application's own controllers. Load it together with `sessionModule`; an adapter of
 * `@inversifyjs/http-core` that uses the container then serves the routes.
 *
 * @throws SessionError `INVALID_CONTEXT`
 */
export function sessionHttpModule(options: SessionHttpOptionsInput = {}): ContainerModule {
  const checked = new SessionHttpOptions(options);
  const { secure, trustedOrigins } = checked;
  return new ContainerModule(({ bind }) => {
    bind(SessionHttpOptions).toConstantValue(checked);
    bind(SessionCookie).toConstantValue(new SessionCookie({ secure }));
    bind(OriginPolicy).toConstantValue(new OriginPolicy({ secure, trustedOrigins }));
    bind(Credentials).toConstantValue(new Credentials('sessionHttpModule', { secure }));
    bind(SessionGuard).toSelf().inSingletonScope();
    bind(CrossSiteGuard).toSelf().inSingletonScope();
    bind(CrossOriginMiddleware).toSelf().inSingletonScope();
    bind(SessionErrorFilter).toSelf().inSingletonScope();
    bind(PollApp).to(SinglePollApp).inSingletonScope();
    bind(PollController).toSelf().inSingletonScope();
    bind(EventController).toSelf().inSingletonScope();
    bind(AckController).toSelf().inSingletonScope();
    bind(SessionController).toSelf().inSingletonScope();
    bind(PreflightController).toSelf().inSingletonScope();
  });
}
