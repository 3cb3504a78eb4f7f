import type { Client } from '../../client/port.ts';
import type { Service } from '../../lib/lifecycle.ts';
import { messageOf } from '../../lib/errors.ts';
import { createControllers, type Controllers, type ControllersOptions } from '../controllers.ts';
import { createElection, type Election, type ElectionOptions } from './election.ts';
import { fencedClient } from './fenced-client.ts';

export interface LedControllersOptions extends Omit<ControllersOptions, 'client'> {
  /** For the Lease alone, so that closing a term's connection does not touch it. */
  readonly client: ElectionOptions['client'];
  /** A client of its own for each term. */
  readonly connect: () => Client;
  readonly lease: ElectionOptions['lease'];
  readonly identity: string;
}

export interface LedControllers extends Service {
  readonly election: Pick<Election, 'isLeading' | 'terms'>;
  /** Those of the running term. */
  current(): Controllers | undefined;
}

/**
 * The controllers, active only while this process leads: each term has a connection of its own, which is cut the moment
 * the term ends, so that nothing of it is still sent; and each begins with fresh caches.
 */
export function createLedControllers(options: LedControllersOptions): LedControllers {
  let term: { readonly client: Client; readonly controllers: Controllers } | undefined;
  let ended: Promise<unknown> = Promise.resolve();

  const election = createElection({
    ...options,
    onLead() {
      const client = options.connect();
      const fenced = fencedClient(client, () => election.isLeading());
      const controllers = createControllers({ ...options, client: fenced });
      term = { client, controllers };
      // The caches of the term before end first.
      void ended.then(() => controllers.start());
    },
    onLose() {
      if (term === undefined) return;
      const { client, controllers } = term;
      term = undefined;
      ended = Promise.all([client.close(), controllers.stop()]).catch((thrown: unknown) =>
        options.log.error({ error: messageOf(thrown) }, 'a term did not end cleanly'),
      );
    },
  });

  return {
    election,
    current: () => term?.controllers,
    start: () => election.start(),
    async stop() {
      await election.stop();
      await ended;
    },
  };
}
