// The same numbers on every architecture (asm-generic/unistd.h); glibc has wrappers only since 2.36.
export const SYS_pidfd_open = 434;
export const SYS_pidfd_getfd = 438;
