import type { StandInAnswer } from '../port.ts';

const longestAnswer = 4096;

/**
 * The `StandInAnswer` in the first line of what a server sent. Undefined for anything else: a server that is no
 * stand-in has answered as well. `isComplete` is false while the line may still go on.
 */
export function readAnswer(bytes: Uint8Array): {
  readonly isComplete: boolean;
  readonly answer?: StandInAnswer;
} {
  const end = bytes.indexOf(10);
  if (end < 0) return { isComplete: bytes.length >= longestAnswer || bytes[0] !== 0x7b };
  const answer = end > longestAnswer ? undefined : decode(Buffer.from(bytes.subarray(0, end)).toString());
  return answer === undefined ? { isComplete: true } : { isComplete: true, answer };
}

function decode(line: string): StandInAnswer | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isAnswer(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const texts = ['pod', 'node', 'source'] as const;
const numbers = ['port', 'sourcePort'] as const;

function isAnswer(value: unknown): value is StandInAnswer {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    texts.every((name) => typeof fields[name] === 'string') &&
    numbers.every((name) => typeof fields[name] === 'number') &&
    (fields['protocol'] === 'TCP' || fields['protocol'] === 'UDP' || fields['protocol'] === 'SCTP')
  );
}
