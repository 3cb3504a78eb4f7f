import { clientCompliance } from '../client.compliance.ts';
import { createFakeClient } from './client.ts';

clientCompliance('the fake client', () =>
  Promise.resolve({ client: createFakeClient(), close: () => Promise.resolve() }),
);
