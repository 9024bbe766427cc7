import { BlockList } from 'node:net';
import { ErrorHttpResponse, type Guard } from '@inversifyjs/http-core';
import type { FastifyRequest } from 'fastify';
import { injectable } from 'inversify';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Requires a client on this machine, whatever interface the demo listens on, and none that a proxy speaks for. */
@injectable()
export class LoopbackGuard implements Guard<FastifyRequest> {
  activate({ raw, headers }: FastifyRequest): boolean {
    const { remoteAddress = '', remoteFamily } = raw.socket;
    const isLocal = loopback.check(remoteAddress, remoteFamily === 'IPv6' ? 'ipv6' : 'ipv4');
    if (isLocal && headers['x-forwarded-for'] === undefined && headers.forwarded === undefined) return true;
    const detail = 'Only a client on the machine of the demo may do this';
    const body = JSON.stringify({ title: 'Forbidden', status: 403, detail });
    throw new ErrorHttpResponse(403, body, detail, undefined, { 'content-type': 'application/problem+json' });
  }
}
