import { parseAddress } from '../lib/address.ts';
import { contains, parsePrefix } from '../lib/prefix.ts';
import { endless, type DhcpReply, type DhcpRequest } from '../wire/dhcp/message.ts';
import type { Lease, Leases } from '../model/fabric/layer2/leases.ts';

/** What a server tells of the network that it gives addresses of. */
export interface ServedNetwork {
  /** The server's own address. */
  readonly server: string;
  /** CIDR. */
  readonly prefix: string;
  readonly gateway: string | undefined;
}

const none = '0.0.0.0';

/**
 * What a server answers to a client (RFC 2131 section 4.3), after it has written down what follows from it. Nothing to those who
 * speak to another server, and to those whom it does not know: they may be another's. Rejects as `Leases` does.
 */
export async function answerTo(
  request: DhcpRequest,
  network: ServedNetwork,
  leases: Leases,
): Promise<DhcpReply | undefined> {
  // Nobody passes on what is asked here: whoever says so is wrong.
  if (request.relayAddress !== none) return undefined;
  const { server } = network;
  switch (request.type) {
    case 'discover': {
      const lease = await leases.offer(request, request.requestedAddress);
      return lease && given('offer', request, { network, lease });
    }
    case 'request':
      return answerRequest(request, network, leases);
    case 'inform':
      return { type: 'acknowledge', to: request, server, ...told(network) };
    case 'release':
    case 'decline':
    default:
      if (request.server === server) await takeBack(request, leases);
      return undefined;
  }
}

/** The client wants the address no longer: it goes, or somebody else is there already. */
async function takeBack(request: DhcpRequest, leases: Leases): Promise<void> {
  if (request.type === 'release') return leases.release(request, request.clientAddress);
  return leases.decline(request, request.requestedAddress ?? none);
}

/** A client takes what it was offered, comes back with what it had, or wants to go on with what it has. */
async function answerRequest(
  request: DhcpRequest,
  network: ServedNetwork,
  leases: Leases,
): Promise<DhcpReply | undefined> {
  const { server, clientAddress, requestedAddress = clientAddress } = request;
  if (server !== undefined && server !== network.server) {
    // It has chosen another's offer: what was kept for it is free.
    const kept = leases.of(request);
    if (kept?.seconds !== undefined) await leases.release(request, kept.address);
    return undefined;
  }
  const refusal: DhcpReply = { type: 'refuse', to: request, server: network.server };
  if (!isOf(network.prefix, requestedAddress)) return refusal;
  if (server === undefined && leases.of(request) === undefined) return undefined;
  const lease = await leases.confirm(request, requestedAddress);
  return lease === undefined ? refusal : given('acknowledge', request, { network, lease });
}

function given(
  type: 'offer' | 'acknowledge',
  to: DhcpRequest,
  { network, lease }: { readonly network: ServedNetwork; readonly lease: Lease },
): DhcpReply {
  const { address, seconds = endless } = lease;
  return { type, to, server: network.server, address, lease: seconds, ...told(network) };
}

function told({ prefix, gateway }: ServedNetwork): Pick<DhcpReply, 'prefix' | 'router'> {
  return { prefix, ...(gateway !== undefined && { router: gateway }) };
}

function isOf(prefix: string, text: string): boolean {
  const [network, address] = [parsePrefix(prefix), parseAddress(text)];
  return network !== undefined && address !== undefined && contains(network, address);
}
