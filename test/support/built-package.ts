/**
 * Imports a module of the built package. Untyped, because the package is compiled at the same time as its tests and its
 * types may not exist yet.
 */
export function importBuilt(subpath: string): Promise<Record<string, unknown>> {
  return import(subpath);
}
