import { runCommandLine } from '../../src/cli/command-line.js';

/** What a command wrote, and its exit code. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command that ends by itself, within this process: a process per command takes most of a test's time. */
export async function runCli(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const stdout = new TextBuffer();
  const stderr = new TextBuffer();
  const code = await runCommandLine(args, { environment, stdout, stderr });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

class TextBuffer {
  text = '';

  write(text: string): void {
    this.text += text;
  }
}
