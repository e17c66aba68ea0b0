/**
 * Loaded before a program: ends it, as a power cut would, in the middle of the KILL_AT-th of its writes, so that half of
 * that one is done. With KILL_COUNT it says at its end, in that file, how many there were.
 *
 * Counted are the bytes put into files, what is asked to be on the disk, and files that get a name.
 */
import { writeFileSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const at = Number(process.env.KILL_AT ?? 0);
const report = process.env.KILL_COUNT;
const writeNow = writeFileSync;
let count = 0;

/** Whether this one is not done to its end. */
const isNow = () => ++count === at;
const die = () => process.kill(process.pid, "SIGKILL");

for (const name of ["rename", "link"]) {
  const whole = promises[name];
  promises[name] = (...args) => (isNow() ? die() : whole(...args));
}
syncBuiltinESMExports();

const file = await promises.open(process.execPath);
const handles = Object.getPrototypeOf(file);
await file.close();
const { write } = handles;
handles.write = async function (bytes, begin, length, place) {
  if (!isNow()) return write.call(this, bytes, begin, length, place);
  await write.call(this, bytes, begin, length >> 1, place);
  die();
};
for (const name of ["sync", "datasync"]) {
  const whole = handles[name];
  handles[name] = function () {
    return isNow() ? die() : whole.call(this);
  };
}

if (report) process.on("exit", () => writeNow(report, String(count)));
