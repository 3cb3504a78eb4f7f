import { addressOf, libc, syscall, syscallUnless } from './libc.ts';

/*
 * struct msghdr on 64-bit Linux (sys/socket.h), host byte order:
 *    0 msg_name*    8 msg_namelen (u32, padded)   16 msg_iov*    24 msg_iovlen
 *   32 msg_control* 40 msg_controllen             48 msg_flags (int)
 * and the one struct iovec it points to, kept behind it:
 *   56 iov_base*    64 iov_len
 */
const headerSize = 56;
const iovecSize = 16;

/** Buffers of one recvmsg or sendmsg. */
export interface MessageBuffers {
  readonly data: Uint8Array;
  /** Room for a sockaddr. */
  readonly name?: Uint8Array;
  /** Room for control messages (ancillary data). */
  readonly control?: Uint8Array;
}

/** What recvmsg filled in: bytes of each buffer, and MSG_* flags such as MSG_TRUNC. */
export interface ReceivedMessage {
  readonly length: number;
  readonly nameLength: number;
  readonly controlLength: number;
  readonly flags: number;
}

/**
 * A `struct msghdr` over fixed buffers, reusable for any number of calls. It keeps the buffers referenced, so the
 * addresses inside stay good as long as this object lives.
 */
export class MessageHeader {
  readonly #bytes = Buffer.alloc(headerSize + iovecSize);
  readonly #buffers: MessageBuffers;
  readonly #dataAddress: bigint;

  constructor(buffers: MessageBuffers) {
    this.#buffers = buffers;
    const { data, name, control } = buffers;
    this.#bytes.writeBigUInt64LE(name === undefined ? 0n : addressOf(name), 0);
    this.#bytes.writeBigUInt64LE(addressOf(this.#bytes) + BigInt(headerSize), 16);
    this.#bytes.writeBigUInt64LE(1n, 24);
    this.#bytes.writeBigUInt64LE(control === undefined ? 0n : addressOf(control), 32);
    this.#dataAddress = addressOf(data);
    this.#bytes.writeBigUInt64LE(this.#dataAddress, 56);
  }

  /**
   * Receives one message, into `data` from offset `at` on. Undefined when a non-blocking socket has none. Throws
   * `SyscallError` otherwise, ENOBUFS of an overrun netlink socket included.
   */
  receive(fd: number, flags = 0, at = 0): ReceivedMessage | undefined {
    const { data, name, control } = this.#buffers;
    this.#bytes.writeBigUInt64LE(this.#dataAddress + BigInt(at), 56);
    this.#setLengths(data.length - at, name?.length ?? 0, control?.length ?? 0);
    const length = syscallUnless(['EAGAIN'], 'recvmsg', () => libc().recvmsg(fd, this.#bytes, flags));
    if (length === undefined) return undefined;
    return {
      length,
      nameLength: this.#bytes.readUInt32LE(8),
      controlLength: Number(this.#bytes.readBigUInt64LE(40)),
      flags: this.#bytes.readInt32LE(48),
    };
  }

  /** Sends the first `length` bytes of `data`, with the whole name and control buffers. Returns the bytes sent. */
  send(fd: number, length: number, flags = 0): number {
    const { name, control } = this.#buffers;
    this.#setLengths(length, name?.length ?? 0, control?.length ?? 0);
    return syscall('sendmsg', () => libc().sendmsg(fd, this.#bytes, flags));
  }

  #setLengths(data: number, name: number, control: number): void {
    this.#bytes.writeUInt32LE(name, 8);
    this.#bytes.writeBigUInt64LE(BigInt(control), 40);
    this.#bytes.writeInt32LE(0, 48);
    this.#bytes.writeBigUInt64LE(BigInt(data), 64);
  }
}
