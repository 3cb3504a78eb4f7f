import type { DomainAgents } from '../../dns/domains/gate.ts';
import { rpcCall } from '../../lib/rpc-client.ts';
import { rpcStream } from '../../lib/rpc-stream.ts';

/** The agents of a lab, as its DNS server tells them what it learned. */
export function domainAgents(socket: string): DomainAgents {
  return {
    follow: (options) => rpcStream(socket, '/domains', options),
    async learn(lesson) {
      await rpcCall(socket, 'POST', '/domains', lesson);
    },
  };
}
