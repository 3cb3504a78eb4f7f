/** Who asks for an address by DHCP. */
export interface LeaseClient {
  readonly mac: string;
  /** Who it says it is, in hexadecimal, where it does not go by its link-layer address. */
  readonly identifier: string | undefined;
}

/** What a client has. Seconds are undefined where it does not end: the address of a machine that the lab knows. */
export interface Lease {
  readonly address: string;
  readonly seconds: number | undefined;
}

/** The addresses of one broadcast domain, as they are given to whoever asks for them. Rejects as the API does. */
export interface Leases {
  /** What the client has: the address of the lab's own machine that has its link-layer address, else what it was given. */
  of(client: LeaseClient): Lease | undefined;
  /** An address that is kept for the client from now on, for a short time: the one it has, else `wanted` where that is free. */
  offer(client: LeaseClient, wanted: string | undefined): Promise<Lease | undefined>;
  /** The client has the address for a while from now on; undefined where it is not its own. */
  confirm(client: LeaseClient, address: string): Promise<Lease | undefined>;
  /** The client needs the address no longer. */
  release(client: LeaseClient, address: string): Promise<void>;
  /** The client found somebody else at the address: nobody is given it for a while. */
  decline(client: LeaseClient, address: string): Promise<void>;
}
