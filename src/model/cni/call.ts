import type { Pod } from '../../api/types/core.ts';
import { canonicalAddress, parseAddress } from '../../lib/address.ts';
import type { CniConfiguration, CniPlugin } from './configuration.ts';

/** A port of the node that leads to a port of a pod, as plugins are told (CNI conventions, `portMappings`). */
export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: string;
  readonly hostIP?: string;
}

/** What a plugin reads: its own configuration, and what the plugins before it came to. */
export function pluginInput(
  { name, cniVersion }: Pick<CniConfiguration, 'name' | 'cniVersion'>,
  plugin: CniPlugin,
  {
    prevResult,
    portMappings,
  }: { readonly prevResult?: unknown; readonly portMappings: readonly PortMapping[] },
): string {
  const takesPorts = plugin.capabilities?.['portMappings'] === true;
  return JSON.stringify({
    ...plugin,
    name,
    cniVersion,
    ...(takesPorts && { runtimeConfig: { portMappings } }),
    ...(prevResult !== undefined && { prevResult }),
  });
}

/** The ports of the node that a pod asks for. */
export function portMappingsOf({ spec }: Pod): PortMapping[] {
  return spec.containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, containerPort, protocol = 'TCP', hostIP }) =>
      hostPort === undefined
        ? []
        : [
            {
              hostPort,
              containerPort,
              protocol: protocol.toLowerCase(),
              ...(hostIP !== undefined && { hostIP }),
            },
          ],
    ),
  );
}

/** What plugins are told of a pod besides (`CNI_ARGS`), as kubelets' runtimes do. */
export function pluginArguments({ metadata: { namespace = 'default', name, uid = '' } }: Pod): string {
  const words = {
    IgnoreUnknown: '1',
    K8S_POD_NAMESPACE: namespace,
    K8S_POD_NAME: name,
    K8S_POD_INFRA_CONTAINER_ID: uid,
    K8S_POD_UID: uid,
  };
  return Object.entries(words)
    .map(([word, value]) => `${word}=${value}`)
    .join(';');
}

/**
 * The pod's addresses in what a chain came to: of `ips`, those of interfaces in the pod's namespace, of `ip4` and `ip6`
 * in versions before 0.3.0.
 */
export function addressesOfResult(result: unknown): string[] {
  const { ips, interfaces, ip4, ip6 } = (result ?? {}) as Result;
  const isInside = (index: number | undefined): boolean =>
    index === undefined || (interfaces?.[index]?.sandbox ?? 'inside') !== '';
  const found = [
    ...(Array.isArray(ips) ? ips : []).filter((one) => isInside(one.interface)).map(({ address }) => address),
    ip4?.ip,
    ip6?.ip,
  ];
  return found.flatMap((text) => {
    const address = String(text ?? '').split('/')[0] ?? '';
    return parseAddress(address) === undefined ? [] : [canonicalAddress(address)];
  });
}

interface Result {
  readonly ips?: readonly { readonly address?: string; readonly interface?: number }[];
  readonly interfaces?: readonly { readonly sandbox?: string }[];
  readonly ip4?: { readonly ip?: string };
  readonly ip6?: { readonly ip?: string };
}
