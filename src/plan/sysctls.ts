import type { Machine } from '../model/fabric/machines.ts';
import { nodeLink } from './links/node.ts';

/** Kernel settings of network namespaces, by key. Namespaces copy many from the host: what is relied on is set. */
export type SysctlValues = Readonly<Record<string, string>>;

/**
 * What every namespace of a lab is set to. One family for now: without the first two, every link would solicit and
 * advertise IPv6. With the mask the kernel limits no kind of ICMP error, by which people and probes tell a refusal
 * from silence (a limit of 0 would empty the allowance that errors for missing routes share).
 */
export const labSysctls = {
  'net.ipv6.conf.all.disable_ipv6': '1',
  'net.ipv6.conf.default.disable_ipv6': '1',
  'net.ipv4.icmp_ratemask': '0',
} as const satisfies SysctlValues;

/**
 * A node forwards, and filters sources by its own rules: reverse-path filtering would drop what comes back by
 * another link. A pod that reaches itself through a Service leaves by the link it came from; a redirect for that is
 * wrong, and uses up the pod's allowance of other ICMP errors.
 */
export const nodeSysctls = {
  'net.ipv4.ip_forward': '1',
  'net.ipv4.conf.all.rp_filter': '0',
  'net.ipv4.conf.default.rp_filter': '0',
  [`net.ipv4.conf.${nodeLink}.rp_filter`]: '0',
  'net.ipv4.conf.all.send_redirects': '0',
  'net.ipv4.conf.default.send_redirects': '0',
  [`net.ipv4.conf.${nodeLink}.send_redirects`]: '0',
} as const satisfies SysctlValues;

/** A machine of the fabric. Answers may come back by another interface than packets left by. */
export function machineSysctls({ forwards = false, answersForAll = false }: Machine): SysctlValues {
  return {
    'net.ipv4.ip_forward': forwards ? '1' : '0',
    'net.ipv4.conf.all.rp_filter': '0',
    'net.ipv4.conf.default.rp_filter': '0',
    // Such a machine sends from addresses that it does not own.
    'net.ipv4.ip_nonlocal_bind': answersForAll ? '1' : '0',
  };
}
