/** Where manifests are read from: a file system and standard input. */
export interface ManifestIo {
  /** What stands under this path; links are followed. */
  kindOf(path: string): 'file' | 'folder' | 'absent';
  /** Names in a folder, in no order. Throws `manifest-unreadable`. */
  namesIn(folder: string): string[];
  /** The bytes of a file. Throws `manifest-unreadable`, `manifest-too-large` when there are more than `most`. */
  read(file: string, most: number): Uint8Array;
  /** All of standard input. Rejects with `manifest-too-large` when there are more than `most` bytes. */
  readStdin(most: number): Promise<Uint8Array>;
}
