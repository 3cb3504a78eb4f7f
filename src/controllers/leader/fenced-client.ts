import type { Client } from '../../client/port.ts';
import { WeftError } from '../../lib/errors.ts';

/**
 * A client whose writes are refused with `api-unavailable`, unsent, unless `mayWrite` says yes at that very moment: a
 * process that was stopped and goes on again does not know yet that somebody else leads, but its clock does.
 */
export function fencedClient(client: Client, mayWrite: () => boolean): Client {
  const check = (): void => {
    if (!mayWrite()) throw new WeftError('api-unavailable', 'another process leads: nothing was sent');
  };
  return {
    ...client,
    async create(...args) {
      check();
      return client.create(...args);
    },
    async update(...args) {
      check();
      return client.update(...args);
    },
    async updateStatus(...args) {
      check();
      return client.updateStatus(...args);
    },
    async patch(...args) {
      check();
      return client.patch(...args);
    },
    async apply(...args) {
      check();
      return client.apply(...args);
    },
    async delete(...args) {
      check();
      await client.delete(...args);
    },
    async bind(...args) {
      check();
      await client.bind(...args);
    },
    async finalizeNamespace(...args) {
      check();
      await client.finalizeNamespace(...args);
    },
  };
}
