import { Duplex } from 'node:stream';
import { createFrameReader, encodeControl, encodeData, types, type Frame } from './frames.ts';
import { createHeaderCodec, type HeaderCodec, type SpdyHeaders } from './headers.ts';

/** More streams than a client of a few ports opens at once. */
const mostStreams = 1000;

/** A stream that a client opened. Ending either direction leaves the other; destroying it resets the stream. */
export interface SpdyStream {
  readonly headers: SpdyHeaders;
  readonly stream: Duplex;
}

/**
 * The server's side of SPDY/3.1 over any connection, as far as Kubernetes' clients speak it: they open streams and send
 * no flow control. A stream whose reader is slow stops the session's reading. Ends with the connection.
 */
export function serveSpdy(connection: Duplex, onStream: (stream: SpdyStream) => void): void {
  new Session(connection, onStream).start();
}

class Session {
  readonly #connection: Duplex;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #headers: HeaderCodec = createHeaderCodec();
  readonly #streams = new Map<number, SessionStream>();
  readonly #read = createFrameReader();
  /** Streams that have more than their reader takes. */
  readonly #full = new Set<number>();

  constructor(connection: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#connection = connection;
    this.#onStream = onStream;
  }

  start(): void {
    const connection = this.#connection;
    connection.on('error', () => connection.destroy());
    connection.once('close', () => {
      for (const stream of this.#streams.values()) stream.destroy();
      this.#headers.close();
    });
    void this.#serve().catch(() => connection.destroy());
  }

  /** Frames are handled one after the other: header blocks can only be read in their order. */
  async #serve(): Promise<void> {
    for await (const chunk of this.#connection as AsyncIterable<Buffer>) {
      for (const frame of this.#read(chunk)) await this.#handle(frame);
      while (this.#full.size > 0 && !this.#connection.destroyed) await this.#room();
    }
  }

  #wake: () => void = () => {};

  #room(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  async #handle({ type, stream, isLast, payload }: Frame): Promise<void> {
    switch (type) {
      case undefined:
        return this.#take(stream, payload, isLast);
      case types.synStream:
        return this.#open(payload, isLast);
      case types.rstStream:
        return this.#reset(payload.readUInt32BE(0));
      case types.ping:
        this.send(encodeControl(types.ping, payload));
        return;
      case types.goAway:
        // Streams that are open go on; a client that says this closes the connection when it is done.
        return;
      default:
        // Settings, priorities and windows: nothing here depends on them.
        return;
    }
  }

  async #open(payload: Buffer, isLast: boolean): Promise<void> {
    const id = payload.readUInt32BE(0) & 0x7fff_ffff;
    if (this.#streams.has(id) || this.#streams.size >= mostStreams) throw new RangeError('too many streams');
    const headers = await this.#headers.decode(payload.subarray(10));
    const stream = new SessionStream(id, this);
    this.#streams.set(id, stream);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(id);
    const block = await this.#headers.encode(new Map());
    this.send(encodeControl(types.synReply, Buffer.concat([head, block])));
    if (isLast) stream.push(null);
    this.#onStream({ headers, stream });
  }

  #take(id: number, payload: Buffer, isLast: boolean): void {
    const stream = this.#streams.get(id);
    // Of a stream that was reset here, the client may not know yet.
    if (stream === undefined || stream.readableEnded) return;
    if (payload.length > 0 && !stream.push(payload)) this.#full.add(id);
    if (isLast) stream.push(null);
  }

  #reset(id: number): void {
    const stream = this.#streams.get(id);
    this.forget(id);
    stream?.destroy();
  }

  /** False when the connection has enough for now. */
  send(frame: Buffer): boolean {
    return this.#connection.destroyed || this.#connection.write(frame);
  }

  /** Calls back when the connection takes more. */
  whenDrained(callback: () => void): void {
    this.#connection.once('drain', callback);
  }

  hasRoom(id: number): void {
    if (this.#full.delete(id) && this.#full.size === 0) this.#wake();
  }

  /** True when it was known. */
  forget(id: number): boolean {
    this.hasRoom(id);
    return this.#streams.delete(id);
  }
}

/** RST_STREAM: `cancel`. */
const cancelled = 5;

class SessionStream extends Duplex {
  readonly #id: number;
  readonly #session: Session;

  constructor(id: number, session: Session) {
    super({ allowHalfOpen: true });
    this.#id = id;
    this.#session = session;
    this.on('error', () => {});
  }

  override _read(): void {
    this.#session.hasRoom(this.#id);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#session.send(encodeData(this.#id, chunk))) done();
    else this.#session.whenDrained(done);
  }

  override _final(done: () => void): void {
    this.#session.send(encodeData(this.#id, Buffer.alloc(0), true));
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const isOver = this.readableEnded && this.writableFinished;
    if (this.#session.forget(this.#id) && !isOver) {
      const payload = Buffer.alloc(8);
      payload.writeUInt32BE(this.#id);
      payload.writeUInt32BE(cancelled, 4);
      this.#session.send(encodeControl(types.rstStream, payload));
    }
    done(error);
  }
}
