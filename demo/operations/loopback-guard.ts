import { BlockList, isIPv6 } from 'node:net';
import { ErrorHttpResponse, type Guard } from '@inversifyjs/http-core';
import type { FastifyRequest } from 'fastify';
import { injectable } from 'inversify';
import { requestHeadOf } from '../../src/requests/index.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether the client is on this machine, whatever interface the demo listens on, and is not a proxy for another client. */
export function isLocalClient(request: object): boolean {
  const head = requestHeadOf(request);
  const ip = head.ip();
  const isForwarded = head.header('x-forwarded-for') !== undefined || head.header('forwarded') !== undefined;
  return !isForwarded && ip !== '' && loopback.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4');
}

@injectable()
export class LoopbackGuard implements Guard<FastifyRequest> {
  activate(request: FastifyRequest): boolean {
    if (isLocalClient(request)) return true;
    const detail = 'Only a client on the machine of the demo may do this';
    const body = JSON.stringify({ title: 'Forbidden', status: 403, detail });
    throw new ErrorHttpResponse(403, body, detail, undefined, { 'content-type': 'application/problem+json' });
  }
}
