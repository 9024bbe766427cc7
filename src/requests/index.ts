export { encodeBatch } from './batch-encoding.js';
export type { ExpressSessionOptions, RequestSessionOptions } from './credentials.js';
export { HeldResponse } from './held-response.js';
export { type HandshakeOriginOptions, type OriginOptions, OriginPolicy } from './origin-policy.js';
export { readPollOptions } from './poll-query.js';
export { type Problem, problemOf } from './problem.js';
export { type RequestHead, requestHeadOf } from './request-head.js';
export { sessionFromRequest } from './session-from-request.js';
