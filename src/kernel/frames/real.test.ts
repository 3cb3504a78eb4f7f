import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skipNetwork } from '../netfilter/test-network.ts';
import { createNetworkNamespaces } from '../netns/real.ts';
import { createPoller } from '../poll/poller.ts';
import { createRouteNetlink } from '../route/real.ts';
import { createSysctl } from '../sysctl/real.ts';
import { framesCompliance } from './frames.compliance.ts';
import { createFrames } from './real.ts';

framesCompliance({
  label: 'real',
  skip: skipNetwork,
  make() {
    const poller = createPoller();
    const directory = mkdtempSync(join(tmpdir(), 'weft-frames-'));
    const namespaces = createNetworkNamespaces({ directory });
    const route = createRouteNetlink({ namespaces });
    const sysctl = createSysctl({ namespaces });
    for (const name of ['a', 'b']) namespaces.create(name);
    // What IPv6 says by itself on a new link is of no interest here.
    for (const name of ['a', 'b']) sysctl.write(name, { 'net.ipv6.conf.default.disable_ipv6': '1' });
    route.apply('a', [
      { action: 'add-link', link: { kind: 'veth', name: 'eth0', peer: { name: 'eth0', namespace: 'b' } } },
    ]);
    return {
      frames: createFrames({ namespaces, poller }),
      cut: (namespace) => void route.apply(namespace, [{ action: 'delete-link', name: 'eth0' }]),
      quietMs: 200,
      async end() {
        route.close();
        await poller.close();
        for (const name of namespaces.list()) namespaces.delete(name);
        namespaces.close();
        rmSync(directory, { recursive: true });
      },
    };
  },
});
