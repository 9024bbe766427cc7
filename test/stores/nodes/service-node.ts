import { obey } from './obey.js';
import { type ServiceOrder, serviceOnOrder } from './start-service.js';

obey<ServiceOrder, never>(serviceOnOrder());
