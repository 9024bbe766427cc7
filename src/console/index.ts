export { consoleModule } from './console-module.js';
export type { ConsoleGuard, ConsoleOptions } from './console-options.js';
