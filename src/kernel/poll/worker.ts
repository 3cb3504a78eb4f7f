import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { libc, syscall, SyscallError } from '../libc.ts';
import { EPOLL_CTL_DEL, MSG_DONTWAIT } from '../libc-constants.ts';
import { MessageHeader, type ReceivedMessage } from '../libc-message.ts';
import { decodePacketInfo, packetInfoRoom } from '../sockets/packet-info.ts';
import { decodeSockaddr, sockaddrRoom } from '../sockets/sockaddr.ts';
import type { Sender } from './port.ts';
import { decodeEpollEvent, epollEventSize, type EpollEvent } from './epoll-event.ts';
import { lock, stateWords, unlock, wakeId, type Round, type WorkerData } from './worker-state.ts';

// The largest datagram of netlink is 32 KB, of a packet socket 64 KB and a header.
const largestDatagram = 128 * 1024;
const eventsPerRound = 64;
/** Keeps one busy socket from starving the others, and the lock from being held long. */
const datagramsPerSocket = 64;
const roundSize = 1024 * 1024;
/** Beyond this the main thread is so late that the kernel shall drop (and count) rather than this process grow. */
const mostPending = 32 * 1024 * 1024;

const events = Buffer.alloc(eventsPerRound * epollEventSize);
const buffer = Buffer.alloc(roundSize + largestDatagram);
const name = Buffer.alloc(sockaddrRoom);
const control = Buffer.alloc(packetInfoRoom);
const header = new MessageHeader({ data: buffer, name, control });
/** What is read to stop waiting says nothing. */
const wakeUp = Buffer.alloc(8);

/** Waits and reads until the poller stops it. Blocks this thread for good: nothing else may run in it. */
function run({ epoll, state }: WorkerData, port: MessagePort): void {
  let caughtUp = 0;
  // Asked for anew each time: the word that it is to stop may have been read with the last round.
  while (Atomics.load(state, stateWords.stopping) === 0) {
    // Who asked is answered although nothing more comes.
    const timeout = Atomics.load(state, stateWords.asked) === caughtUp ? -1 : 0;
    syscall('epoll_wait', () => libc().epoll_wait(epoll, events, eventsPerRound, timeout));
    if (Atomics.load(state, stateWords.stopping) === 1) return;
    const round = readRound({ epoll, state }, caughtUp);
    if (isEmpty(round) && round.caughtUp === caughtUp) continue;
    caughtUp = round.caughtUp;
    Atomics.add(state, stateWords.pending, round.bytes.length);
    port.postMessage(round, [round.bytes.buffer]);
    waitForMainThread(state);
  }
}

/** A round that is being read; `used` bytes of `buffer` are its datagrams'. */
interface OpenRound {
  readonly datagrams: Round['datagrams'][number][];
  readonly overruns: number[];
  readonly ready: number[];
  used: number;
}

/**
 * Reads what is readable now. It asks again which sockets are, under the lock: between the wait and here a
 * descriptor may have been removed, closed and used again for a socket that is none of this thread's business.
 */
function readRound({ epoll, state }: WorkerData, caughtUp: number): Round {
  const round: OpenRound = { datagrams: [], overruns: [], ready: [], used: 0 };
  const asked = Atomics.load(state, stateWords.asked);
  let isAll = true;
  lock(state);
  try {
    const ready = syscall('epoll_wait', () => libc().epoll_wait(epoll, events, eventsPerRound, 0));
    isAll = ready < eventsPerRound;
    for (let index = 0; index < ready; index++) {
      const event = decodeEpollEvent(events, index);
      // The eventfd that wakes this thread up: reading it is enough.
      if (event.id === wakeId) libc().read(event.fd, wakeUp, wakeUp.length);
      else if (!readSocket(epoll, event, round)) isAll = false;
    }
  } finally {
    unlock(state);
  }
  const { used, ...read } = round;
  return { ...read, bytes: new Uint8Array(buffer.subarray(0, used)), caughtUp: isAll ? asked : caughtUp };
}

/** Returns whether nothing is left in the socket. */
function readSocket(epoll: number, { fd, id }: EpollEvent, round: OpenRound): boolean {
  for (let count = 0; count < datagramsPerSocket && round.used < roundSize; count++) {
    const received = receive(fd, round.used);
    if (received === 'overrun') round.overruns.push(id);
    if (received === 'no socket') round.ready.push(stopWaiting(epoll, { fd, id }));
    if (typeof received === 'string') return received !== 'overrun';
    round.datagrams.push({ id, length: received.length, from: senderOf(received) });
    round.used += received.length;
  }
  return false;
}

/** What is no socket stays ready, and nothing can be read from it that would end that. */
function stopWaiting(epoll: number, { fd, id }: { fd: number; id: number }): number {
  syscall('epoll_ctl', () => libc().epoll_ctl(epoll, EPOLL_CTL_DEL, fd, null));
  return id;
}

function isEmpty({ datagrams, overruns, ready }: Round): boolean {
  return datagrams.length + overruns.length + ready.length === 0;
}

/**
 * Reads one datagram to `at`. Errors other than ENOBUFS, such as a link that went down under a packet socket, are
 * taken off the socket by reading them and end this round's reading of it.
 */
function receive(fd: number, at: number): ReceivedMessage | 'empty' | 'overrun' | 'no socket' {
  try {
    return header.receive(fd, MSG_DONTWAIT, at) ?? 'empty';
  } catch (error) {
    const errno = error instanceof SyscallError ? error.errnoName : '';
    if (errno === 'ENOTSOCK') return 'no socket';
    return errno === 'ENOBUFS' ? 'overrun' : 'empty';
  }
}

/** Netlink's senders have no IP address. */
function senderOf({ nameLength, controlLength }: ReceivedMessage): Sender | undefined {
  const sender = decodeSockaddr(name.subarray(0, Math.min(nameLength, name.length)));
  if (sender === undefined || controlLength === 0) return sender;
  const asked = decodePacketInfo(control.subarray(0, controlLength));
  return asked === undefined ? sender : { ...sender, asked };
}

function waitForMainThread(state: Int32Array): void {
  for (;;) {
    const pending = Atomics.load(state, stateWords.pending);
    if (pending <= mostPending || Atomics.load(state, stateWords.stopping) === 1) return;
    Atomics.wait(state, stateWords.pending, pending);
  }
}

if (parentPort !== null) run(workerData as WorkerData, parentPort);
