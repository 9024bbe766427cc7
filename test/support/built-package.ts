/**
 * A module of the built package, without its types: they may not be there yet, because the package is compiled at the same time
 * as its tests.
 */
export function importBuilt(subpath: string): Promise<Record<string, unknown>> {
  return import(subpath);
}
