import { runCommandLine } from '../../src/cli/command-line.js';

/** The output of a command, and its exit code. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command that ends by itself, in this process, because starting a process takes most of a test's time. */
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
