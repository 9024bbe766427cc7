import { DiagnosticsChannel } from '../measures/diagnostics.js';

/** The channel of each event. Its subscribers are called with the payload, for every app, before the listeners are. */
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
