import { DiagnosticsChannel } from '../measures/diagnostics.js';

/** The channel of each event. Its subscribers receive the payloads of all apps, before the listeners. */
export const eventChannels = {
  created: new DiagnosticsChannel<object>('created'),
  limit: new DiagnosticsChannel<object>('limit'),
  renewed: new DiagnosticsChannel<object>('renewed'),
  rotated: new DiagnosticsChannel<object>('rotated'),
  replaced: new DiagnosticsChannel<object>('replaced'),
  closed: new DiagnosticsChannel<object>('closed'),
  refused: new DiagnosticsChannel<object>('refused'),
  online: new DiagnosticsChannel<object>('online'),
  away: new DiagnosticsChannel<object>('away'),
  overflow: new DiagnosticsChannel<object>('overflow'),
  audit: new DiagnosticsChannel<object>('audit'),
} as const;
