/** `npm start`: installs if needed, builds if needed, serves the page and prints its address. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { install } from "./install.mjs";
import { serve } from "./serve.mjs";
import { isStale } from "./stale.mjs";
import { program, root, step } from "./step.mjs";

const { port, host } = options();
install("page");
const sources = [
  "src",
  "workers",
  "public",
  "index.html",
  "vite.config.ts",
  "package-lock.json",
  "scripts",
];
const built = join(root, "dist", "index.html");
const inputs = sources.map((source) => join(root, source));
if (isStale(built, inputs)) step("build", ...program("vite/bin/vite.js", "build"));

let server;
try {
  server = await serve(join(root, "dist"), { port, host });
} catch (error) {
  if (error.code !== "EADDRINUSE") throw error;
  console.error(`Port ${port} is taken: choose another, npm start -- --port ${port + 1}`);
  process.exit(1);
}
console.log(`\n  Palimpsest is at http://localhost:${server.address().port}/\n  Ctrl+C ends it.\n`);

function options() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8080" },
        host: { type: "string", default: "localhost" },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new Error(`invalid --port: ${values.port} (0 to 65535)`);
    }
    return { port, host: values.host };
  } catch (error) {
    console.error(`${error.message}\nUsage: npm start [-- --port 8080 --host localhost]`);
    process.exit(2);
  }
}
