import { fabricResources, layer2Resources } from '../../api/resources.ts';
import type { Pod } from '../../api/types/core.ts';
import type { SegmentAddress } from '../../api/types/layer2.ts';
import { apiCode } from '../../client/errors.ts';
import type { Client, Informer } from '../../client/port.ts';
import type { NetworkNamespaces } from '../../kernel/netns/port.ts';
import type { RouteNetlink } from '../../kernel/route/port.ts';
import { messageOf, WeftError } from '../../lib/errors.ts';
import type { Sysctl } from '../../kernel/sysctl/port.ts';
import type { Log } from '../../lib/log.ts';
import { attachmentsOf, holderOf, type Attachment } from '../../model/attachments/attachments.ts';
import { networksAnnotation } from '../../model/attachments/selection.ts';
import { heldOf } from '../../model/fabric/layer2/demands.ts';
import { domainsOf, withLength } from '../../model/fabric/layer2/domains.ts';
import { macOfName } from '../../model/fabric/layer2/world.ts';
import { macOf } from '../../model/network/places.ts';
import { diffNamespace, restrictTo } from '../../plan/links/diff.ts';
import { segmentNetns } from '../../model/fabric/default-fabric.ts';
import { furtherCable, furtherInside, type FurtherLink } from '../../plan/links/further.ts';
import { furtherSysctls } from '../../plan/sysctls.ts';
import type { RunningPod } from '../pods/running-pod.ts';

/** Further interfaces of pods, on segments and switches of a lab (NetworkAttachmentDefinitions). */
export interface PodNetworks {
  /** Resolves when it is known what there is. */
  readonly synced: Promise<unknown>;
  /**
   * What the pod is to have besides `eth0`. Throws `network-pending` while something of it is missing; of a pod that ran
   * before, what it has then stays as it is.
   */
  find(pod: Pod): PodPlugs | undefined;
  /** Plugs them in, the pod's namespace being there. Idempotent. Throws `wiring-failed`. */
  plug(pod: RunningPod, plugs: PodPlugs): void;
  /** Gives back the addresses of a pod whose namespace is gone. */
  release(uid: string): Promise<void>;
  /** Something of it changed: pods that wait may be tried again. Returns how to end it. */
  follow(changed: () => void): () => void;
}

/** The further interfaces of a pod. */
export interface PodPlugs {
  readonly links: readonly (FurtherLink & { readonly switch: string; readonly network: string })[];
}

export interface PodNetworksOptions {
  readonly client: Client;
  readonly route: RouteNetlink;
  readonly namespaces: Pick<NetworkNamespaces, 'release'>;
  readonly sysctl: Pick<Sysctl, 'write'>;
  readonly log: Log;
}

export function createPodNetworks(options: PodNetworksOptions): PodNetworks {
  const { client, route, namespaces, sysctl, log } = options;
  const claims = client.informer(layer2Resources.segmentaddresses);
  const kinds = {
    definitions: client.informer(layer2Resources.networkattachmentdefinitions),
    segments: client.informer(layer2Resources.segments),
    switches: client.informer(layer2Resources.virtualswitches),
    machines: client.informer(fabricResources.virtualmachines),
    claims,
  };
  const all: readonly Informer<object>[] = Object.values(kinds);

  const plugsOf = (pod: Pod): PodPlugs | undefined => {
    if (pod.metadata.annotations?.[networksAnnotation] === undefined) return undefined;
    const domains = domainsOf(kinds.segments.values(), kinds.switches.values());
    const found = attachmentsOf(pod, { ...kinds, domains });
    if (typeof found === 'string') throw new WeftError('network-pending', found);
    if (found.length === 0) return undefined;
    const own = Array.from(claims.values()).filter(({ spec }) => spec.holder.uid === pod.metadata.uid);
    return { links: found.map((one) => linkOf(pod, one, own)) };
  };

  const plugOne = (pod: RunningPod, link: PodPlugs['links'][number]): void => {
    const netns = segmentNetns(link.switch);
    try {
      const [failure] = route.apply(netns, [{ action: 'add-link', link: furtherCable(pod, link) }]);
      if (failure !== undefined) throw new WeftError('wiring-failed', `${netns}: ${failure.message}`);
    } finally {
      // Segments come and go: an open descriptor would keep one that has gone.
      route.forget(netns);
      namespaces.release(netns);
    }
  };

  return {
    synced: Promise.all(all.map(({ synced }) => synced)),
    find(pod) {
      try {
        return plugsOf(pod);
      } catch (error) {
        if (pod.status?.podIP === undefined) throw error;
        log.warn({ pod: pod.metadata.name, error: messageOf(error) }, 'further interfaces stay as they are');
        return undefined;
      }
    },
    plug(pod, { links }) {
      const names = new Set(links.map(({ name }) => name));
      const isOwn = (link: string): boolean => names.has(link);
      const before = route.dump(pod.netns);
      if (links.length > 0) sysctl.write(pod.netns, furtherSysctls);
      for (const link of links) if (!before.links.has(link.name)) plugOne(pod, link);
      const current = restrictTo(route.dump(pod.netns), isOwn);
      const [failure] = route.apply(pod.netns, diffNamespace(current, furtherInside(links)));
      if (failure !== undefined) throw new WeftError('wiring-failed', `${pod.netns}: ${failure.message}`);
    },
    async release(uid) {
      for (const claim of claims.values()) {
        if (claim.spec.holder.uid === uid) await giveBack(client, claim);
      }
    },
    follow(changed) {
      const ends = all.map((informer) => informer.onChange(changed));
      return () => {
        for (const end of ends) end();
      };
    },
  };
}

function linkOf(
  pod: Pod,
  attachment: Attachment,
  claims: readonly SegmentAddress[],
): PodPlugs['links'][number] {
  const { domain, demands, routes, interface: name } = attachment;
  const held = heldOf(claims)(domain.key, holderOf(pod, name));
  if (held.length < demands.length) {
    const missing = demands.length - held.length;
    throw new WeftError(
      'network-pending',
      `waits for ${missing} address${missing > 1 ? 'es' : ''} of ${domain.key}`,
    );
  }
  const [first] = held;
  const own = first === undefined ? macOfName(`${pod.metadata.uid} ${name}`) : macOf(first);
  return {
    name,
    switch: domain.switch,
    network: attachment.network,
    mac: attachment.mac ?? own,
    addresses: held.map((address) => withLength(domain, address)),
    routes,
  };
}

async function giveBack(client: Client, { metadata: { name, uid } }: SegmentAddress): Promise<void> {
  try {
    await client.delete(layer2Resources.segmentaddresses, { name }, uid === undefined ? {} : { uid });
  } catch (thrown) {
    // What is left is found by the controllers.
    if (apiCode(thrown) === undefined) throw thrown;
  }
}
