import { statfsSync } from 'node:fs';

/**
 * Network file systems, by the type that Linux reports (statfs(2)). Their locks and shared memory do not work between
 * machines, and some do not work within one machine. The type does not show what a FUSE mount is.
 */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9P'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x7461636f, 'OCFS2'],
  [0x01161970, 'GFS2'],
  [0xbacbacbc, 'VMware shared folders'],
  [0x786f4256, 'VirtualBox shared folders'],
]);

/** Returns the name of the network file system with that type, or `undefined` for a local or unknown type. */
export function networkFileSystem(type: number): string | undefined {
  // The type is a signed number on some systems.
  return networkFileSystems.get(type >>> 0);
}

/**
 * @param directory must exist
 * @throws Error that names the file system
 */
export function requireLocalFileSystem(directory: string): void {
  if (process.platform !== 'linux') return;
  const name = networkFileSystem(statfsSync(directory).type);
  if (name === undefined) return;
  throw new Error(`${directory} is on a network file system (${name}), on which SQLite can't share a database safely`);
}
