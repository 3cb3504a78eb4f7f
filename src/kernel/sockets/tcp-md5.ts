import { WeftError } from '../../lib/errors.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_STREAM } from '../libc-constants.ts';
import { libc, SyscallError, syscall } from '../libc.ts';
import { encodeSockaddr } from './sockaddr.ts';

const IPPROTO_TCP = 6;
const TCP_MD5SIG = 14;

/*
 * struct tcp_md5sig
 *   0 address sockaddr_storage[128] | 128 flags u8 | 129 prefix length u8 | 130 key length u16
 *   132 interface u32 | 136 key[80]                                                        216 bytes
 */
const layout = { size: 216, keyLength: 130, key: 136 } as const;

/**
 * Why segments of TCP connections cannot be signed here (RFC 2385, passwords of BGP sessions): `bgp-password-unsupported`
 * where the kernel is built without CONFIG_TCP_MD5SIG, or is not allowed to (FIPS mode). Undefined where they can.
 */
export function whyNoSignedSegments(): WeftError | undefined {
  const fd = syscall('socket', () => libc().socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  try {
    const option = Buffer.alloc(layout.size);
    option.set(encodeSockaddr({ family: 'IPv4', value: 0x7f00_0001n }, 0));
    option.writeUInt16LE(1, layout.keyLength);
    option.writeUInt8(1, layout.key);
    syscall('setsockopt', () => libc().setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, option, option.length));
    return undefined;
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    return new WeftError(
      'bgp-password-unsupported',
      `this kernel signs no TCP segments (TCP_MD5SIG: ${cause.errnoName}), so BGP sessions cannot have passwords`,
      {
        cause,
        fault: 'environment',
        hint: 'use a kernel with CONFIG_TCP_MD5SIG, or peers without a password',
      },
    );
  } finally {
    libc().close(fd);
  }
}
