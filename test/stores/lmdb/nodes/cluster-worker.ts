import { serveOrders } from '../../nodes/serve-orders.js';
import { type ServiceOrder, serviceOnOrder } from '../../nodes/start-service.js';

/** A worker of a cluster. What it is sent before it listens is lost, so it says when it does. */

export type Ready = 'ready';

serveOrders<ServiceOrder, Ready>(serviceOnOrder())('ready');
