/** Keys below /proc/sys in dotted form with slashes for names that contain dots: `net.ipv4.ip_forward`. Synchronous. */
export interface Sysctl {
  /** Trimmed value; undefined when the kernel has no such key. */
  read(namespace: string, key: string): string | undefined;
  /** Writes the keys in order. Throws `sysctl-missing` or `sysctl-refused`, naming the key. */
  write(namespace: string, values: Readonly<Record<string, string>>): void;
}
