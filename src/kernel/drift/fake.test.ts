import { createFakeNetworkNamespaces } from '../netns/fake.ts';
import { driftCompliance } from './drift.compliance.ts';
import { createFakeDriftWatch } from './fake.ts';

driftCompliance({
  label: 'fake',
  skip: false,
  make() {
    const namespaces = createFakeNetworkNamespaces();
    for (const name of ['a', 'b', 'inside']) namespaces.create(name);
    const watch = createFakeDriftWatch({ namespaces });
    return {
      watch,
      disturb(namespace, of) {
        if (namespace !== 'inside') watch.drift({ namespace, of: of === 'down' ? 'links' : of });
        else if (of !== 'rules') watch.drift({ namespace: 'a', of: 'peers' });
      },
      patienceMs: 20,
      end: () => Promise.resolve(),
    };
  },
});
