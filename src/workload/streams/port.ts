import type { Readable, Writable } from 'node:stream';

/*
 * How other processes of a lab get streams of its pods, on the socket of the holder (see `rpcUpgrade`):
 *
 *     GET /namespaces/NETNS/connect?address=A&address=B&port=N   the bytes of a TCP connection from inside
 *     GET /namespaces/NETNS/exec?uid=U&command=C&command=D&terminal=true&host=NAME
 *                                                                frames of lib/stream-frames, `ended` the last of them
 *     GET /pods/UID/log?follow=true&tail=N&since=MS&timestamps=true&ports=80,53
 *                                                                lines of text: what its stand-ins answered
 */

/** A program that runs in a pod's network. */
export interface RunningProgram {
  readonly input: Writable;
  readonly output: Readable;
  /** Undefined with a terminal, which has one output. */
  readonly errors: Readable | undefined;
  /** The exit code as shells count, when the program has ended and its outputs have. */
  readonly ended: Promise<number>;
  resize(columns: number, rows: number): void;
  /** Ends it, whether it wants to or not. */
  end(): void;
}

/** What is to run, and where. */
export interface ProgramWanted {
  readonly netns: string;
  /** Of the pod, whose files it sees. */
  readonly uid: string;
  readonly host: string;
  readonly command: readonly string[];
  readonly terminal: boolean;
}

export type RunProgram = (wanted: ProgramWanted) => Promise<RunningProgram>;
