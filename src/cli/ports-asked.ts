import { WeftError } from '../lib/errors.ts';
import type { Protocol } from '../api/types/meta.ts';
import type { PortSet } from '../model/policy/port-set.ts';

const protocols: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];

/**
 * `80`, `80/udp`, `1-1023` or `1-1023/sctp`; TCP unless said otherwise. `icmp` is everything that has no ports: policies do not
 * tell that apart. Throws `port-invalid`.
 */
export function portsAsked(text: string): PortSet {
  if (/^(?:icmp|other)$/i.test(text)) return [{ protocol: 'other', first: 0, last: 0 }];
  const [, from = '', to = from, word = 'tcp'] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/([a-z]+))?$/i.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  const protocol = protocols.find((one) => one === word.toUpperCase());
  if (from !== '' && protocol !== undefined && first >= 1 && first <= last && last <= 65_535) {
    return [{ protocol, first, last }];
  }
  throw new WeftError('port-invalid', `--port ${text} is no port`, {
    fault: 'input',
    hint: 'write 80, 80/udp, a range such as 1-1023/tcp, or icmp',
  });
}
