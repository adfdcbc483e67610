/** A file's path from the root of the workspace, and all of its text. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}
