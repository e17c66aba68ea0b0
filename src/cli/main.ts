import { isOutOfMemory, notEnoughMemory } from "../engine/runtime/outOfMemory.ts";
import { Interrupted } from "./Interrupted.ts";
import { WrongCall } from "./WrongCall.ts";
import type { Command, Terminal } from "./Command.ts";
import { convert } from "./commands/convert.ts";
import { edit } from "./commands/edit.ts";
import { generate } from "./commands/generate.ts";
import { merge } from "./commands/merge.ts";
import { predict } from "./commands/predict.ts";
import { repeat } from "./commands/repeat.ts";
import { runs } from "./commands/runs.ts";
import { score } from "./commands/score.ts";
import { sum } from "./commands/sum.ts";
import { stats } from "./commands/stats.ts";
import { studyCommand } from "./study/studyCommand.ts";
import { synthesize } from "./commands/synthesize.ts";
import { trace } from "./commands/trace.ts";
import { verify } from "./commands/verify.ts";

const commands: Record<string, Command> = {
  predict,
  generate,
  trace,
  stats,
  edit,
  repeat,
  runs,
  score,
  study: studyCommand(),
  merge,
  sum,
  convert,
  synthesize,
  verify,
};

/**
 * Runs one command line. A failure is one sentence on standard error.
 *
 * @param args the words after `palimpsest`
 * @returns the exit status: 0, 2 for a wrong call, 1 for a failure, a signal's where it ended the work
 */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  try {
    if (args.length === 0) throw new WrongCall(`a command is missing: ${commandNames()}`);
    const [name, ...rest] = args;
    if (["help", "--help", "-h"].includes(name)) {
      terminal.print(help());
      return 0;
    }
    if (!Object.hasOwn(commands, name)) {
      throw new WrongCall(`unknown command: ${name} (${commandNames()})`);
    }
    if (rest.includes("--help")) {
      const command = commands[name];
      terminal.print(command.help?.(rest) ?? `${command.about}\n\n  ${command.usage}`);
      return 0;
    }
    await commands[name].run(rest, terminal);
    return 0;
  } catch (error) {
    terminal.progress("");
    terminal.note(sentence(error));
    if (error instanceof Interrupted) return error.status;
    return error instanceof WrongCall ? 2 : 1;
  }
}

const commandNames = () => Object.keys(commands).join(", ");

function help(): string {
  const list = Object.values(commands).map(({ about, usage }) => `  ${usage}\n      ${about}`);
  return `npm run -s palimpsest -- COMMAND\n\n${list.join("\n\n")}\n\nM is demo, a folder, an address or a model of the Hub, org/name or org/name@revision; all that take
--model take --precision f32|f16|q8|q4 too. Exit status 0, 2 for a wrong call, 1 for a failure, 128 and its
number where a signal ended it: 130 for Ctrl+C, 141 where nobody read what it printed.`;
}

/** An error in one line; a full memory is said so that it helps. */
function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const line = message.replace(/\s*\n\s*/g, " ");
  if (isOutOfMemory(error)) {
    const advice = "close other programs, or take a smaller model or fewer samples";
    return notEnoughMemory(`(${line})`, advice);
  }
  return line;
}
