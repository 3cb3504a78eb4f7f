import { createFakeNetworkNamespaces } from './fake.ts';
import { networkNamespacesCompliance } from './netns.compliance.ts';

networkNamespacesCompliance({
  label: 'fake network namespaces',
  skip: false,
  make: createFakeNetworkNamespaces,
  cleanUp: () => {},
});
