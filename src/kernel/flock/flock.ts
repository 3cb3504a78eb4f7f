import { libc, syscallUnless } from '../libc.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;

/** Locks an open file exclusively; false when another open file of it is locked. Closing the descriptor unlocks it. */
export function tryLock(fd: number): boolean {
  return syscallUnless(['EAGAIN'], 'flock', () => libc().flock(fd, LOCK_EX | LOCK_NB)) !== undefined;
}
