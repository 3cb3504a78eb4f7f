import { missing, ok, type Finding, type Remedy } from './finding.ts';
import type { Machine } from './port.ts';

type Look = Pick<Machine, 'read' | 'isRoot'>;

/** Bits of linux/capability.h that labs need in the namespaces they make. */
const needed = { CAP_NET_ADMIN: 12, CAP_NET_RAW: 13, CAP_SYS_ADMIN: 21 } as const;

/** Whether this user may make namespaces at all, by what the system says about it. */
export function checkPrivileges(machine: Look): Finding {
  const check = 'privileges';
  if (machine.isRoot) {
    const lacking = lackingCapabilities(machine);
    if (lacking.length === 0) return ok(check, 'root');
    return missing(check, `root without ${lacking.join(', ')}`, {
      hint: 'a container needs: --privileged, or these capabilities without seccomp and AppArmor profiles',
    });
  }
  const ban = userNamespaceBan(machine);
  if (ban === undefined) return ok(check, 'no root: labs run inside user namespaces');
  return missing(check, `no root, and ${ban.found}`, ban.remedy);
}

/** Of root, in a container say. */
export function lackingCapabilities({ read }: Pick<Machine, 'read'>): string[] {
  const text = /^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status') ?? '')?.[1];
  if (text === undefined) return [];
  const held = BigInt(`0x${text}`);
  return Object.entries(needed).flatMap(([name, bit]) => (((held >> BigInt(bit)) & 1n) === 1n ? [] : [name]));
}

/** What the system's settings say against user namespaces of users; undefined when nothing does. */
export function userNamespaceBan({
  read,
}: Pick<Machine, 'read'>): { readonly found: string; readonly remedy: Remedy } | undefined {
  const values = bans.map((ban) => ({
    ban,
    value: read(`/proc/sys/${ban.key.replaceAll('.', '/')}`)?.trim(),
  }));
  const found = values.find(({ ban, value }) => value === ban.bad);
  if (found === undefined) return undefined;
  const { key, bad, good } = found.ban;
  return {
    found: `${key} is ${bad}`,
    remedy: {
      hint: `as root: sysctl -w ${key}=${good}, and the same line in /etc/sysctl.d to keep it; or use sudo`,
    },
  };
}

const bans = [
  { key: 'user.max_user_namespaces', bad: '0', good: '15000' },
  // Of Debian's kernels up to 5.10, and of hardened ones.
  { key: 'kernel.unprivileged_userns_clone', bad: '0', good: '1' },
  // Ubuntu 23.10 and newer: namespaces can be made, but nothing may be done in them.
  { key: 'kernel.apparmor_restrict_unprivileged_userns', bad: '1', good: '0' },
] as const;
