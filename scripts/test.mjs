/**
 * `npm test`: installs if needed, finds a Chromium, then runs every check, the cheap ones first, and
 * stops at the first that fails. The last line is `N passed, N failed`, the count of all tests run.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { chromium } from "./chromium.mjs";
import { install } from "./install.mjs";
import { program, root, succeeds } from "./step.mjs";

const results = join(root, "test-results", "counts");
let [passed, failed] = [0, 0];

install("everything");
const browser = await chromium();
if (!browser) {
  console.error(
    "No Chromium was found: install one (Debian: apt-get install chromium), or set CHROMIUM to its path.",
  );
  process.exit(1);
}
process.env.CHROMIUM = browser;
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

check("types", program("svelte-check/bin/svelte-check", "--fail-on-warnings"));
check("lint", program("eslint/bin/eslint.js", "."));
check("import circles", program("oxlint/bin/oxlint"));
check("citations", [process.execPath, [join(root, "scripts", "citations.mjs")]]);
check("packages", [process.execPath, [join(root, "scripts", "supply.mjs")]]);
check("format", program("prettier/bin/prettier.cjs", "--check", "."));
check("unused code", program("knip/bin/knip.js"));
vitest("node");
vitest("browser");
check("build", program("vite/bin/vite.js", "build"));
endToEnd();
finish();

function check(name, [command, args]) {
  console.log(`\n=== ${name}`);
  if (!succeeds(command, args)) fail(name);
}

function vitest(project) {
  const file = join(results, `${project}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  // A core is left free by default: of two that would be half of them. A browser has one page in any case.
  const most = Math.max(2, availableParallelism() - 1);
  const workers = project === "node" ? [`--maxWorkers=${most}`] : [];
  counted(`${project} tests`, {
    file,
    run: program("vitest/vitest.mjs", "run", "--project", project, ...workers, ...reporters),
    count: ({ numPassedTests, numFailedTests }) => [numPassedTests, numFailedTests],
  });
}

function endToEnd() {
  const file = join(results, "end-to-end.json");
  counted("end-to-end tests", {
    file,
    run: program("playwright/cli.js", "test", "--reporter=list,json"),
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: file },
    count: ({ stats }) => [stats.expected + stats.flaky, stats.unexpected],
  });
}

/** Runs tests that leave their counts in a file, and adds these up. */
function counted(name, { file, run: [command, args], env, count }) {
  console.log(`\n=== ${name}`);
  const good = succeeds(command, args, { env });
  // A runner that could not start leaves no file.
  const [more, bad] = existsSync(file) ? count(JSON.parse(readFileSync(file, "utf8"))) : [0, 0];
  passed += more;
  failed += bad;
  if (!good) fail(name);
}

function fail(name) {
  console.error(`\n=== ${name} failed`);
  failed ||= 1;
  finish();
}

function finish() {
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
