import type { TLSSocket } from 'node:tls';
import type { User } from '../identity/user.ts';

/** Read once per connection: certificates do not change on it. */
const known = new WeakMap<TLSSocket, User | null>();

/** The user in a certificate that our own authority signed for clients; undefined where none was shown. */
export function certificateUser(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined;
  let user = known.get(socket);
  if (user === undefined) known.set(socket, (user = userOf(socket) ?? null));
  return user ?? undefined;
}

function userOf(socket: TLSSocket): User | undefined {
  // The types forget that a name may have several of each.
  const subject = socket.getPeerCertificate().subject as unknown as Record<string, unknown> | undefined;
  const name = textsOf(subject?.['CN']).at(-1) ?? '';
  return name === '' ? undefined : { name, groups: textsOf(subject?.['O']) };
}

function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
}
