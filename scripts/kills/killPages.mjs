/**
 * `npm run kills:page -- --kills 50 --seed 1`: kills Chromium in the middle of every kind of write to the browser's
 * storage, starts it again on the same profile and looks at what is there. Prints a table for docs/measurements.md; fails
 * where something is there in part, or what was once kept is gone.
 */
import { pathToFileURL } from "node:url";
import { killOptions, randomOf } from "./killOptions.mjs";
import { PageBrowser } from "./PageBrowser.mjs";

const script = "test/support/engine/killedPage.ts";
/** Milliseconds of writing before a kill, at most. */
const LONGEST = 600;

/**
 * Kills a browser so many times, each time while writes of every kind are under way.
 *
 * @returns {Promise<{ name: string, writes: number, during: number, faults: string[] }[]>} for each kind how many writes
 *   there were, how many kills met one under way, and sentences about what was wrong
 */
export async function killPages({ kills, seed, onKill = () => undefined }) {
  const random = randomOf(seed);
  const browser = await PageBrowser.open(script);
  const found = {};
  try {
    await browser.launch();
    let page = await browser.tab();
    let last = {};
    for (let k = 0; k < kills; k++) {
      const wait = Math.floor(((k + random()) / kills) * LONGEST);
      const written = await page.evaluate(
        ({ wait, last }) => globalThis.profile.write(wait, last),
        { wait, last },
      );
      await browser.kill();
      await browser.launch();
      page = await browser.tab();
      const after = await page.evaluate(() => globalThis.profile.check());
      for (const [name, { ended, begun }] of Object.entries(written)) {
        const kind = (found[name] ??= { name, writes: 0, during: 0, faults: [] });
        const now = after[name];
        kind.writes = now.last;
        if (begun > ended) kind.during++;
        const faults = [...now.faults];
        if (now.last < ended) faults.push(`${ended} was kept, and ${now.last} is there`);
        kind.faults.push(...faults.map((fault) => `after ${wait} ms: ${fault}`));
        last = { ...last, [name]: now.last };
      }
      onKill(k, wait);
    }
  } finally {
    await browser.close();
  }
  return Object.values(found);
}

async function main() {
  const { kills, seed } = killOptions();
  if (!PageBrowser.isThere) {
    console.error("there is no Chromium to kill; install it with: npx playwright install chromium");
    process.exit(1);
  }
  const onKill = (k) => process.stderr.write(`\r${k + 1} of ${kills}`);
  const found = await killPages({ kills, seed, onKill });
  process.stderr.write("\n");
  console.log("| write | writes | kills | while one was under way | wrong |");
  console.log("| --- | --- | --- | --- | --- |");
  for (const { name, writes, during, faults } of found)
    console.log(`| ${name} | ${writes} | ${kills} | ${during} | ${faults.length} |`);
  const faults = found.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`));
  for (const fault of faults) console.log(fault);
  process.exit(faults.length ? 1 : 0);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
