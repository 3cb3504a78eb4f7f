/*
 * struct epoll_event (sys/epoll.h): 32 bits of events and 64 of user data, which is packed on x86-64 only. Weft's
 * user data is the descriptor and, as descriptors are used again, the number of the registration.
 *
 *    x86-64   0 events    4 descriptor    8 registration
 *    arm64    0 events    8 descriptor   12 registration
 */
const dataOffset = process.arch === 'x64' ? 4 : 8;
export const epollEventSize = dataOffset + 8;

export interface EpollEvent {
  readonly events: number;
  readonly fd: number;
  /** 32 bits. */
  readonly id: number;
}

export function encodeEpollEvent({ events, fd, id }: EpollEvent): Buffer {
  const bytes = Buffer.alloc(epollEventSize);
  bytes.writeUInt32LE(events, 0);
  bytes.writeInt32LE(fd, dataOffset);
  bytes.writeUInt32LE(id, dataOffset + 4);
  return bytes;
}

/** The event at `index` of an array of them. */
export function decodeEpollEvent(events: Buffer, index: number): EpollEvent {
  const at = index * epollEventSize;
  return {
    events: events.readUInt32LE(at),
    fd: events.readInt32LE(at + dataOffset),
    id: events.readUInt32LE(at + dataOffset + 4),
  };
}
