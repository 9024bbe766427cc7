import { Body, Controller, Get, Post, Response, UseErrorFilter, UseGuard } from '@inversifyjs/http-core';
import type { FastifyReply } from 'fastify';
import { inject } from 'inversify';
import * as v from 'valibot';
import { CrossSiteGuard, SessionErrorFilter } from '../../src/http/index.js';
import { SessionError } from '../../src/index.js';
import { AdminGuard } from '../admin-guard.js';
import { jsonResponse } from '../json-response.js';
import { requireBody } from '../require-body.js';
import { LoopbackGuard } from './loopback-guard.js';
import { Operations, type StartCommand } from './operations.js';

const redisSchema = v.object({ action: v.picklist(['stop', 'start']) });

/** Disturbs the processes of the demo, to show which faults sessions and messages survive. */
@Controller({ path: '/operations', scope: 'Singleton' })
@UseErrorFilter(SessionErrorFilter)
export class OperationsController {
  readonly #operations: Operations;

  constructor(@inject(Operations) operations: Operations) {
    this.#operations = operations;
  }

  /** Returns the process that answers, and the operations that are possible on it. */
  @Get()
  describe(): unknown {
    const { startedBy, restarts, killWorker, redis } = this.#operations;
    const can = { restart: true, kill: killWorker !== undefined, redis: redis !== undefined };
    return jsonResponse(200, { pid: process.pid, startedBy, restarts, can });
  }

  @Post('/restart')
  @UseGuard(CrossSiteGuard, AdminGuard, LoopbackGuard)
  restart(): unknown {
    this.#operations.restart();
    return jsonResponse(202, { pid: process.pid });
  }

  @Post('/kill')
  @UseGuard(CrossSiteGuard, AdminGuard, LoopbackGuard)
  async kill(@Response() reply: FastifyReply): Promise<void> {
    const { killWorker } = this.#operations;
    if (killWorker === undefined) throw needs('start:cluster');
    // Kill the worker only after the last byte of the answer is handed over, so that the page learns which process it was.
    reply.raw.once('finish', killWorker);
    await reply.code(202).header('cache-control', 'no-store').send({ pid: process.pid });
  }

  @Post('/redis')
  @UseGuard(CrossSiteGuard, AdminGuard, LoopbackGuard)
  async redis(@Body() body: unknown): Promise<unknown> {
    const { action } = requireBody(redisSchema, body);
    const { redis } = this.#operations;
    if (redis === undefined) throw needs('start:redis');
    await redis(action);
    return jsonResponse(200, { action });
  }
}

function needs(command: StartCommand): SessionError {
  const rule = `needs the demo to be started by npm run ${command}`;
  return new SessionError('INVALID_ARGUMENT', `This ${rule}`, { argument: 'operation', rule, value: '' });
}
