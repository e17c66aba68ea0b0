import { printable, shown } from "../data/outside/shown.ts";
import { main } from "./main.ts";
import { ProcessEnding } from "./ProcessEnding.ts";

/**
 * The terminal's program: one command line on this process's outputs, ended as its exit status says. What files say is
 * printed, and not obeyed: control characters in it are shown.
 *
 * @param args the words after `palimpsest`
 * @param root the repository's folder, which holds the built-in model
 */
export async function program(args: string[], root: string): Promise<void> {
  const ending = new ProcessEnding();
  const watched = process.stderr.isTTY;
  process.exitCode = await main(args, {
    root,
    ending,
    print: (text) => void process.stdout.write(`${printable(text)}\n`),
    note: (text) => void process.stderr.write(`${printable(text)}\n`),
    progress: (text) => void (watched && process.stderr.write(`\r\x1b[K${shown(text, 200)}`)),
  });
}
