/** A stream that text is shown on, such as `process.stderr`. */
export interface TextStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** The streams and variables that a command uses in addition to its flags. */
export interface Terminal {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
}
