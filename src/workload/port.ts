import type { Protocol } from '../api/types/meta.ts';

/**
 * How the agents ask another process of the lab to serve a pod: JSON over HTTP on a unix socket of mode 0600.
 * The holder serves stand-ins this way, the DNS process serves the cluster DNS pod.
 *
 *     PUT    /pods/UID   body PodServing    -> 200 {"bound": Listener[]}   idempotent: listeners are reconciled
 *     DELETE /pods/UID                      -> 204, also when unknown
 *     GET    /pods                          -> 200 PodServing[]
 *
 * A listener that cannot be bound answers 409 with {"code","message"}; the others stay bound.
 */
export interface PodServing {
  readonly uid: string;
  /** `namespace/name`, told to whoever connects. */
  readonly pod: string;
  readonly node: string;
  /** Name of the pod's network namespace (its pin). */
  readonly netns: string;
  readonly listeners: readonly Listener[];
  /** Datagrams are answered from the address that was asked then, and not from the one that the way back prefers. */
  readonly hasSeveralAddresses?: boolean;
}

export interface Listener {
  readonly protocol: Protocol;
  readonly port: number;
  /** Who answers instead: TCP connections are passed on, to one after the other. */
  readonly forwardTo?: { readonly addresses: readonly string[]; readonly port: number };
}

/** What answers `/pods` behind a `createPodServer` socket: the stand-ins of the holder, or the DNS process. */
export interface PodServer {
  /**
   * Makes the pod's listeners exactly these and returns those bound. Listeners that stay are not touched, so their
   * connections live on. Throws the first failure after all were tried.
   */
  serve(pod: PodServing): Promise<Listener[]>;
  /** Ends its listeners and connections; does nothing when the pod is unknown. */
  unserve(uid: string): Promise<void>;
  list(): PodServing[];
}

/** What a stand-in says to whoever speaks to it: one JSON line (TCP, UDP), an HTTP body, or the cookie of an INIT ACK (SCTP). */
export interface StandInAnswer {
  readonly pod: string;
  readonly node: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** Source address and port as the stand-in saw them. */
  readonly source: string;
  readonly sourcePort: number;
}

/** A real packet to send, and what came of it. */
export interface Probe {
  /** Pin's name of the namespace to send from. */
  readonly netns: string;
  /** Set to send from an address the namespace need not own. */
  readonly sourceAddress?: string;
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
}

export interface ProbeResult {
  /**
   * `answered`: a stand-in (or any server) answered. `refused`: RST, ABORT (SCTP), or port-unreachable by the destination
   * itself. `rejected`: an ICMP error by somebody else on the way (`rejectedBy`). `denied`: the data plane
   * logged that it dropped it. `silent`: nothing came back in time. `unroutable`: the sender has no route.
   */
  readonly outcome: 'answered' | 'refused' | 'rejected' | 'denied' | 'silent' | 'unroutable';
  readonly answer?: StandInAnswer;
  readonly rejectedBy?: string;
  readonly denial?: Denial;
  readonly milliseconds: number;
}

/**
 * A packet that a policy dropped, as the agents report it (one JSON line each on `GET /denials`), or let pass and would
 * have dropped, were it not in audit mode (`GET /audits`).
 */
export interface Denial {
  readonly node: string;
  readonly direction: 'ingress' | 'egress';
  /** `namespace/name` of the pod whose isolation dropped it. */
  readonly pod: string;
  /** The deciding policies: keys of NetworkPolicies (`namespace/name`), others with their kind (`KIND NAME`). */
  readonly policies: readonly string[];
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'other';
  readonly source: string;
  /** With which it set out, also where a node has put an address and a port of its own in. */
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}
