/** Numbers of the Linux uapi headers that are the same on x86-64 and arm64, in the kernel's own names. */

export const CLONE_NEWNET = 0x4000_0000;

export const MS_NOSUID = 0x2;
export const MS_NODEV = 0x4;
export const MS_NOEXEC = 0x8;
export const MS_BIND = 0x1000;
export const MNT_DETACH = 2;
/** `f_type` of a namespace file (linux/magic.h). */
export const NSFS_MAGIC = 0x6e73_6673;

export const O_RDONLY = 0;
export const O_RDWR = 2;
export const O_NOCTTY = 0o400;
export const O_CLOEXEC = 0o200_0000;

/** Of asm-generic/ioctls.h: a terminal's size, its lock, and its other end. */
export const TIOCSWINSZ = 0x5414;
export const TIOCSPTLCK = 0x4004_5431;
export const TIOCGPTPEER = 0x5441;

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o200_0000;

export const SOL_IP = 0;
export const SOL_SOCKET = 1;
export const SOL_IPV6 = 41;
export const SOL_PACKET = 263;
export const SOL_NETLINK = 270;
export const SO_REUSEADDR = 2;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;

export const MSG_DONTWAIT = 0x40;
export const MSG_ERRQUEUE = 0x2000;

export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;
export const NETLINK_CAP_ACK = 10;
export const NETLINK_EXT_ACK = 11;
export const NETLINK_GET_STRICT_CHK = 12;

export const EPOLLIN = 1;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CLOEXEC = 0o200_0000;
export const EFD_NONBLOCK = 0o4000;
export const EFD_CLOEXEC = 0o200_0000;
