import { asCoreEvent, asNewerEvent } from '../api/event-versions.ts';
import { resources } from '../api/resources.ts';
import { newerEvents } from '../api/served.ts';
import { qualifiedName } from './status.ts';
import type { Store } from './store/port.ts';
import { viewStore } from './store/view.ts';

/** The store with its Events as events.k8s.io/v1 has them: there is one of each, in two versions. */
export function eventView(store: Store): Store {
  return viewStore(store, {
    name: qualifiedName(newerEvents),
    storedName: qualifiedName(resources.events),
    show: asNewerEvent,
    keep: asCoreEvent,
  });
}
