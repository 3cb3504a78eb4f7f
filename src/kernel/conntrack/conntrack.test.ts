import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { libc, syscall } from '../libc.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_RAW } from '../libc-constants.ts';
import { skipNetwork } from '../netfilter/test-network.ts';
import { createNetworkNamespaces } from '../netns/real.ts';
import { createNftables } from '../nft/nftables.ts';
import { createSockets } from '../sockets/sockets.ts';
import { conntrackCompliance } from './conntrack.compliance.ts';
import { createConntrack } from './conntrack.ts';

const loopback = Buffer.from([AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);

// Connections are tracked once a rule asks for it.
const tracking = `table inet t {
  chain output { type filter hook output priority 0; ct state invalid drop; }
}`;

conntrackCompliance({
  label: "the kernel's connection tracking",
  skip: skipNetwork,
  make() {
    const directory = mkdtempSync(join(tmpdir(), 'weft-conntrack-'));
    const namespaces = createNetworkNamespaces({ directory });
    const nft = createNftables({ namespaces });
    const sockets = createSockets({ namespaces });
    const node = namespaces.create('node');
    nft.run('node', tracking);
    return {
      conntrack: createConntrack({ namespaces }),
      send(address, sourcePort) {
        const fd = sockets.connect('node', { protocol: 'udp', address, port: 9, sourcePort });
        sockets.send(fd, Buffer.from('x'));
        sockets.close(fd);
      },
      ping(identifier) {
        const type = SOCK_RAW | SOCK_CLOEXEC;
        const fd = namespaces.inside(node, () => syscall('socket', () => libc().socket(AF_INET, type, 1)));
        const request = echoRequest(identifier);
        syscall('sendto', () => libc().sendto(fd, request, request.length, 0, loopback, loopback.length));
        libc().close(fd);
      },
      cleanUp() {
        nft.close();
        for (const name of namespaces.list()) namespaces.delete(name);
        namespaces.close();
        rmSync(directory, { recursive: true });
      },
    };
  },
});

/** RFC 792: type 8, code 0, checksum, identifier, sequence. */
function echoRequest(identifier: number): Buffer {
  const request = Buffer.alloc(8);
  request.writeUInt8(8, 0);
  request.writeUInt16BE(identifier, 4);
  request.writeUInt16BE(0xffff - (0x0800 + identifier), 2);
  return request;
}
