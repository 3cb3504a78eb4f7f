import type { Socket } from 'node:net';
import type { StandInAnswer } from '../port.ts';

/**
 * Who answers on a connection. Asked for every answer, with the words that ask for it, because a pod's name or node may
 * be told anew.
 */
export type AnswerBook = WeakMap<Socket, (words: string) => StandInAnswer>;

/** A pod that is asked for more connections at once refuses them: the memory of all pods is one process's. */
const mostConnections = 1000;

/** The open connections of one pod. */
export interface PodConnections {
  /** False when the pod has too many already: the connection was ended. */
  add(socket: Socket, port: number): boolean;
  /** Ends those of one listener. */
  destroy(port: number): void;
  destroyAll(): void;
}

export function createPodConnections(): PodConnections {
  const open = new Map<Socket, number>();
  return {
    add(socket, port) {
      if (open.size >= mostConnections) {
        socket.resetAndDestroy();
        return false;
      }
      open.set(socket, port);
      socket.once('close', () => open.delete(socket));
      return true;
    },
    destroy(port) {
      for (const [socket, listening] of open) if (listening === port) socket.destroy();
    },
    destroyAll() {
      for (const socket of open.keys()) socket.destroy();
    },
  };
}
