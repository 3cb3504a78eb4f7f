import { messageOf } from '../../lib/errors.ts';
import { familyOf } from '../../lib/address.ts';
import type { Log } from '../../lib/log.ts';
import type { Frames, FrameSocket } from '../../kernel/frames/port.ts';
import { networkMac } from '../../plan/networks/cables.ts';
import { broadcastMac, decodeFrame, encodeFrame, etherTypes } from '../../wire/ethernet/frame.ts';
import { decodeHeartbeat, encodeHeartbeats, type HeartbeatClaim } from '../../wire/ethernet/heartbeat.ts';
import { Holding, times, type Defence } from './holding.ts';
import {
  announcementFrames,
  answerFrame,
  groupsOf,
  probeFrame,
  readAddressMessages,
  type AddressMessage,
} from './messages.ts';

export interface SpeakerOptions {
  readonly node: string;
  /** Pin's name of the node's network namespace, and its link on the segment. */
  readonly netns: string;
  readonly link: string;
  readonly frames: Frames;
  /** What tells this cluster's speakers from others on the same segment. */
  readonly cluster: () => string;
  /** Milliseconds in which this process could have heard something. */
  readonly now: () => number;
  readonly log: Log;
  /** The node answers for the address from now on. */
  readonly onTaken: (address: string) => void;
  /** A machine that is no speaker of this cluster has the address. */
  readonly onConflict: (address: string, mac: string) => void;
}

/** One node's voice on its segment: answers for the addresses that the node is to be reached by. */
export interface Speaker {
  /** The nodes that may answer for each address, in the order in which they are to; of addresses that this node may. */
  set(orders: ReadonlyMap<string, readonly string[]>): void;
  /**
   * Does what is due; to be called every 50 ms or so while there is anything to do, when all frames that came in before
   * have been read.
   */
  tick(): void;
  /** Whether it is decided of every address who has it, as far as this node can hear. */
  isSettled(): boolean;
  held(): readonly string[];
  close(): void;
}

type SocketName = 'arp' | 'ipv6' | 'speaker';

/** What a stranger said that is believed only when he has not turned out to be of this cluster a moment later. */
interface Suspicion {
  readonly heardAt: number;
  readonly address: string;
  readonly mac: string;
  readonly isProbe: boolean;
}

/** In this time the heartbeat is here of whoever was heard by ARP first. */
const benefitOfDoubtMs = 100;

export function createSpeaker(options: SpeakerOptions): Speaker {
  return new SegmentSpeaker(options);
}

class SegmentSpeaker implements Speaker {
  readonly #options: SpeakerOptions;
  readonly #holdings = new Map<string, Holding>();
  readonly #sockets = new Map<SocketName, FrameSocket>();
  /** Link-layer addresses of the cluster's speakers that were heard. */
  readonly #own = new Set<string>();
  #suspicions: Suspicion[] = [];
  #nextHeartbeat = 0;
  /** Somebody is owed a heartbeat, although this node may claim nothing: he is to know that it is no stranger. */
  #isToIntroduceItself = false;
  /** Addresses that this node answered for until it gave way: those who come before it are to know that it was believed. */
  readonly #givenAway = new Set<string>();
  #isBroken = false;

  constructor(options: SpeakerOptions) {
    this.#options = options;
  }

  set(orders: ReadonlyMap<string, readonly string[]>): void {
    for (const address of this.#holdings.keys()) if (!orders.has(address)) this.#holdings.delete(address);
    for (const [address, order] of orders) {
      const holding = this.#holdings.get(address) ?? new Holding(address, this.#options.now());
      this.#holdings.set(address, holding);
      holding.setOrder(order, this.#options.node);
    }
    this.#openWhatIsNeeded();
    // Nobody is judged now: what he has said since the last tick may not have been read.
    this.#act(this.#options.now());
  }

  tick(): void {
    const now = this.#options.now();
    if (this.#isBroken && now >= this.#nextHeartbeat) this.#openAnew();
    this.#judge(now);
    this.#act(now);
  }

  #act(now: number): void {
    let begins = false;
    for (const holding of this.#holdings.values()) {
      if (this.#suspicions.some(({ address }) => address === holding.address)) continue;
      const wasClaimed = holding.isClaimed;
      const step = holding.step(now);
      // Who hears of it by ARP shall know already whose it is.
      if (holding.isClaimed && !wasClaimed) this.#tell([holding]);
      begins ||= holding.isClaimed !== wasClaimed;
      this.#do(step, holding.address);
    }
    if (begins || this.#isToIntroduceItself || now >= this.#nextHeartbeat) this.#tellAll(now);
  }

  isSettled(): boolean {
    const now = this.#options.now();
    return [...this.#holdings.values()].every((holding) => holding.isSettled(now));
  }

  held(): readonly string[] {
    return [...this.#holdings.values()].filter(({ isHeld }) => isHeld).map(({ address }) => address);
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
    this.#holdings.clear();
  }

  #do(step: ReturnType<Holding['step']>, address: string): void {
    const mac = this.#mac();
    if (step === 'nothing' || mac === undefined) return;
    if (step === 'probe') this.#send(address, [probeFrame(address, mac)]);
    else this.#send(address, announcementFrames(address, mac));
    if (step === 'take') this.#options.onTaken(address);
  }

  #tellAll(now: number): void {
    this.#nextHeartbeat = now + times.heartbeat;
    const claimed = [...this.#holdings.values()].filter(({ isClaimed }) => isClaimed);
    if (claimed.length > 0 || this.#isToIntroduceItself) this.#tell(claimed, this.#givenAway);
    this.#isToIntroduceItself = false;
    this.#givenAway.clear();
  }

  #tell(holdings: readonly Holding[], givenAway: ReadonlySet<string> = new Set()): void {
    const socket = this.#sockets.get('speaker');
    if (socket === undefined) return;
    const { node, cluster } = this.#options;
    const claims = [
      ...holdings.map(({ address, isHeld }) => ({ address, isHeld })),
      ...[...givenAway].map((address) => ({ address, isHeld: true })),
    ];
    for (const payload of encodeHeartbeats({ cluster: cluster(), node, claims })) {
      const { mac: source } = socket;
      const etherType = etherTypes.speaker;
      const isSent = socket.send(encodeFrame({ destination: broadcastMac, source, etherType, payload }));
      this.#isBroken ||= !isSent;
    }
  }

  #heartbeat(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    const heartbeat = frame && decodeHeartbeat(frame.payload);
    const { node, cluster } = this.#options;
    if (frame === undefined || heartbeat === undefined) return;
    if (heartbeat.cluster !== cluster() || heartbeat.node === node) return;
    // Who has just come is told at once who else there is.
    this.#isToIntroduceItself ||= !this.#own.has(frame.source);
    this.#own.add(frame.source);
    for (const claim of heartbeat.claims) this.#claim(heartbeat.node, claim);
  }

  /** Another speaker of the cluster claims an address. */
  #claim(of: string, { address, isHeld }: HeartbeatClaim): void {
    const { node, log, now } = this.#options;
    const holding = this.#holdings.get(address);
    const wasHeld = holding?.isHeld === true;
    if (holding?.heard(of, isHeld, now()) !== true) return;
    if (wasHeld) this.#givenAway.add(address);
    // What it said by ARP until now may be under way to one who never heard it.
    this.#isToIntroduceItself = true;
    log.info({ node, address, to: of }, 'another node answers for the address');
  }

  #addressFrame(bytes: Uint8Array): void {
    for (const message of readAddressMessages(bytes)) this.#addressMessage(message);
  }

  #addressMessage(message: AddressMessage): void {
    const { address } = message;
    const holding = this.#holdings.get(address);
    const mac = this.#mac();
    if (holding === undefined || mac === undefined) return;
    const from = message.kind === 'claim' ? message.mac : message.from.mac;
    if (from === mac) return;
    const isOwn = this.#own.has(from);
    if (message.kind !== 'claim' && holding.isHeld && !(isOwn && message.kind === 'probe'))
      this.#send(address, [answerFrame(address, mac, message.from)]);
    // A virtual network answers for every address, and means by it that packets come to whoever has it.
    else if (message.kind !== 'question' && !isOwn && from !== networkMac) {
      const heardAt = this.#options.now();
      this.#suspicions.push({ heardAt, address, mac: from, isProbe: message.kind === 'probe' });
    }
  }

  /** A speaker of this cluster may have been heard by its ARP before it was by its heartbeat. */
  #judge(now: number): void {
    const isRipe = ({ heardAt }: Suspicion): boolean => now >= heardAt + benefitOfDoubtMs;
    const ripe = this.#suspicions.filter(isRipe);
    if (ripe.length === 0) return;
    this.#suspicions = this.#suspicions.filter((suspicion) => !isRipe(suspicion));
    const own = this.#mac();
    for (const { address, mac, isProbe } of ripe) {
      const holding = this.#holdings.get(address);
      if (holding === undefined || own === undefined || this.#own.has(mac)) continue;
      const defence = isProbe ? holding.rival(mac, own, now) : holding.stranger(mac, own, now);
      this.#defend(defence, address, { mac, own });
    }
  }

  #defend(defence: Defence, address: string, { mac, own }: { mac: string; own: string }): void {
    const { node, log, onConflict } = this.#options;
    if (defence === 'defend') this.#send(address, announcementFrames(address, own));
    if (defence !== 'yield') return;
    log.warn({ node, address, mac }, 'a machine outside the cluster has the address');
    onConflict(address, mac);
  }

  #mac(): string | undefined {
    return this.#sockets.get('speaker')?.mac;
  }

  #send(address: string, frames: readonly Uint8Array[]): void {
    const socket = this.#sockets.get(familyOf(address) === 'IPv4' ? 'arp' : 'ipv6');
    for (const frame of frames) {
      if (socket?.send(frame) === false) this.#isBroken = true;
    }
  }

  /** As long as there is something to answer for. */
  #openWhatIsNeeded(): void {
    const addresses = [...this.#holdings.keys()];
    const has = (family: 'IPv4' | 'IPv6'): boolean =>
      addresses.some((address) => familyOf(address) === family);
    const needed = { speaker: addresses.length > 0, arp: has('IPv4'), ipv6: has('IPv6') };
    for (const name of Object.keys(needed) as SocketName[]) {
      if (needed[name]) this.#open(name);
      else {
        this.#sockets.get(name)?.close();
        this.#sockets.delete(name);
      }
    }
    for (const group of new Set(addresses.flatMap(groupsOf))) this.#sockets.get('ipv6')?.join(group);
  }

  #open(name: SocketName): void {
    if (this.#sockets.has(name)) return;
    const { frames, netns, link, log, node } = this.#options;
    const onFrame = (bytes: Uint8Array): void =>
      name === 'speaker' ? this.#heartbeat(bytes) : this.#addressFrame(bytes);
    try {
      this.#sockets.set(name, frames.open(netns, link, { etherType: etherTypes[name], onFrame }));
    } catch (error) {
      this.#isBroken = true;
      log.debug({ node, link, error: messageOf(error) }, 'nothing can be announced on the link');
    }
  }

  /** The link may be another one of the same name: sockets of the old one are deaf. */
  #openAnew(): void {
    this.#isBroken = false;
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
    this.#openWhatIsNeeded();
  }
}
