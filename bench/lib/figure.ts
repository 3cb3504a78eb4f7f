/** One figure, measured: what is printed as one line. */
export interface Measurement {
  readonly bench: string;
  readonly unit: 'us' | 'ms' | 'MB' | 'ratio';
  readonly samples: readonly number[];
  /** What the median should be at most. */
  readonly target: number;
  readonly peer: Peer | null;
}

/** What somebody else's program needs for the same, and who says so. */
export interface Peer {
  /** In the figure's unit. */
  readonly value: number;
  readonly source: string;
}

/** A figure's file exports one of these; it may measure variants of its figure. */
export interface Figure {
  readonly name: string;
  measure(progress: Progress): AsyncIterable<Measurement>;
}

/** Tells people what happens meanwhile; one line each. */
export type Progress = (line: string) => void;
