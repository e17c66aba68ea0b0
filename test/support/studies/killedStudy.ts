import { studies } from "../../../src/studies/studies.ts";
import { studyCommand } from "../../../src/cli/study/studyCommand.ts";
import { nothing } from "./nothing/nothing.ts";

/** The terminal's `study` with one study more, as a program of its own, so that it can be killed. */
const [root, ...args] = process.argv.slice(2);
await studyCommand([...studies, nothing]).run(args, {
  root,
  print: (text) => console.log(text),
  note: (text) => console.error(text),
  progress: (text) => text.includes("rows, the last") && console.log("a row"),
});
