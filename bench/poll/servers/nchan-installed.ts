import { existsSync } from 'node:fs';

const BINARIES = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'];
const MODULES = ['/usr/lib/nginx/modules/ngx_nchan_module.so', '/usr/lib64/nginx/modules/ngx_nchan_module.so'];

export const nginxBinary = (): string | undefined => BINARIES.find(existsSync);
export const nchanModule = (): string | undefined => MODULES.find(existsSync);

/** The reason why nchan cannot be measured here, or undefined if it can. */
export function nchanMissing(): string | undefined {
  if (process.platform !== 'linux') return 'CPU and memory of nginx are read from /proc';
  if (nginxBinary() === undefined) return 'there is no nginx';
  if (nchanModule() === undefined) return 'nginx has no module nchan (Debian: libnginx-mod-nchan)';
  return undefined;
}
