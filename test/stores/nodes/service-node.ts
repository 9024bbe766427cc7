import { serveOrders } from './serve-orders.js';
import { type ServiceOrder, serviceOnOrder } from './start-service.js';

serveOrders<ServiceOrder, never>(serviceOnOrder());
