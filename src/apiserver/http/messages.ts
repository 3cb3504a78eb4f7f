import type { User } from '../identity/user.ts';
import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';

/** A request as the server reads it, whichever protocol it came by. */
export interface ApiRequest {
  readonly method: string;
  /** Path without the query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** Names and values by turns, as they came: those that may stand several times. */
  readonly rawHeaders?: readonly string[];
  /** Who a client certificate says it is, which the TLS layer verified. */
  readonly certificate?: User;
  /** Where it came from; undefined over a unix socket. */
  readonly remoteAddress?: string;
}

/** A complete answer, or one that goes on. */
export type ApiResponse = BodyResponse | StreamResponse | RelayResponse | UpgradeResponse;

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface BodyResponse extends Head {
  readonly body: string;
}

export interface StreamResponse extends Head {
  /** Starts sending into the sink; the returned function is called once, when the client is gone. */
  readonly stream: (sink: Sink) => () => void;
}

/** A body that is passed on as it comes, no faster than the client takes it. */
export interface RelayResponse extends Head {
  /** Destroyed when the client is gone. */
  readonly relay: Readable;
}

/** The connection is HTTP's no longer. */
export interface UpgradeResponse extends Head {
  /** Sends the answer that goes with the protocol, and speaks it from then on. */
  readonly upgrade: (raw: RawUpgrade) => void;
}

/** A connection whose client asked for another protocol. */
export interface RawUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client sent behind its request already. */
  readonly head: Buffer;
}

/** Where a stream goes. Nothing is ever waited for: a client that reads too slowly is cut off by the sink. */
export interface Sink {
  write(text: string): void;
  /** Sends what is buffered and ends the response. */
  end(): void;
  /** Breaks off; what is buffered is never sent. */
  cut(): void;
}

/** An answer in JSON. */
export function jsonResponse(
  status: number,
  body: object | string,
  headers?: Record<string, string>,
): BodyResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: text };
}

export function textResponse(status: number, body: string): BodyResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}
