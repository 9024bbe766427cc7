export { openApiDocument } from './openapi/document.js';
export { restModule } from './rest-module.js';
export { RestOptions, type RestOptionsInput } from './rest-options.js';
export { buildRestServer } from './rest-server.js';
