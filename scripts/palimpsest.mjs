/**
 * `npm run -s palimpsest -- COMMAND`: installs what the terminal computes with, builds its program where its sources
 * changed, and runs it.
 */
import { pathToFileURL } from "node:url";
import { installTerminal } from "./install.mjs";
import { root } from "./step.mjs";
import { terminalProgram } from "./terminal.mjs";

installTerminal();
const { program } = await import(pathToFileURL(await terminalProgram()).href);
// npm runs this in the repository; the paths are meant from where it was called.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
await program(process.argv.slice(2), root);
