import type { ProbeResult } from '../../workload/port.ts';

/** What a real packet's fate is called. */
export type MeasuredVerdict = 'allowed' | 'denied' | 'refused' | 'unreachable';

const verdicts = {
  answered: 'allowed',
  refused: 'refused',
  denied: 'denied',
  rejected: 'unreachable',
  silent: 'unreachable',
  unroutable: 'unreachable',
} as const satisfies Record<ProbeResult['outcome'], MeasuredVerdict>;

export function verdictOf({ outcome }: Pick<ProbeResult, 'outcome'>): MeasuredVerdict {
  return verdicts[outcome];
}

/** What is known about it beyond the verdict, for people; undefined where there is nothing to add. */
export function describeResult(result: ProbeResult): string | undefined {
  return descriptions[result.outcome](result);
}

const descriptions: Readonly<Record<ProbeResult['outcome'], (result: ProbeResult) => string | undefined>> = {
  answered: ({ answer }) =>
    answer === undefined
      ? 'what answered is no stand-in: it does not say whom it sees'
      : `${answer.pod} answers and sees ${answer.source}`,
  denied: ({ denial }) =>
    denial === undefined
      ? undefined
      : `dropped on ${denial.node} at ${denial.direction} of ${denial.pod} by ${denial.policies.map(policyName).join(', ')}`,
  refused: () => 'nobody listens there',
  rejected: ({ rejectedBy }) => `rejected by ${rejectedBy ?? 'somebody on the way'}`,
  silent: () => 'no answer, and no policy says that it dropped it',
  unroutable: () => 'the sender has no route there',
};

/** Policies of other kinds are told with their kind. */
const policyName = (key: string): string => (key.includes(' ') ? key : `NetworkPolicy ${key}`);
