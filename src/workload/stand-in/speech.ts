/** What the first bytes of a client look like: not decided while they are the beginning of a request line. */
export type Speech = 'http' | 'lines' | 'undecided';

/** Methods of RFC 9110 section 9 and RFC 5789, with the blank that ends each in a request line. */
const methods = ['GET ', 'HEAD ', 'POST ', 'PUT ', 'DELETE ', 'CONNECT ', 'OPTIONS ', 'TRACE ', 'PATCH '];
/** A request line is read no further than this to decide. */
const longest = 'CONNECT '.length + 1;

/**
 * Recognises HTTP/1.x by a method and the beginning of a target: `/`, `*`, or the absolute or authority form.
 * `GET key` of another line protocol is decided by the version at the end of its line.
 */
export function recognise(bytes: Uint8Array): Speech {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', 0, 8192);
  const head = text.slice(0, longest);
  const method = methods.find((candidate) => head.startsWith(candidate));
  if (method === undefined)
    return methods.some((candidate) => candidate.startsWith(head)) ? 'undecided' : 'lines';
  const target = text[method.length];
  if (target === '/' || target === '*') return 'http';
  const end = text.indexOf('\n');
  if (end < 0) return text.length < 8192 ? 'undecided' : 'lines';
  return /^\S+ \S+ HTTP\/1\.\d\r?$/.test(text.slice(0, end)) ? 'http' : 'lines';
}

/** The most lines one chunk is answered with: an answer is larger than a line, and nobody needs more. */
const mostLines = 64;

/** Lines in a chunk, a last one without its end included: each is answered. */
export function countLines(chunk: Uint8Array): number {
  let lines = 0;
  for (const byte of chunk) if (byte === 10 && ++lines === mostLines) return lines;
  return chunk.at(-1) === 10 ? lines : lines + 1;
}
