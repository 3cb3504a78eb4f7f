/** Something that is open. */
interface Closable {
  close(): Promise<void>;
}

/** Opens several things that are closed together. Where one cannot be opened, none stays open, and its error is thrown. */
export function openAll(opens: readonly (() => Closable)[]): Closable {
  const opened: Closable[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((one) => one.close()));
  };
  try {
    for (const open of opens) opened.push(open());
  } catch (thrown) {
    void close();
    throw thrown;
  }
  return { close };
}
