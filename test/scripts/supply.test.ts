import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { packagesOf, summary, surprises } from "../../scripts/supply.mjs";
import { folderTest as test } from "../support/call.ts";

const good = { version: "1.0.0", license: "MIT", integrity: "sha512-AAAA" };

/** A folder whose lock file has these packages, and whose tree has those. */
async function tree(folder: string, locked: object, installed: Record<string, object> = {}) {
  await writeFile(join(folder, "package-lock.json"), JSON.stringify({ packages: locked }));
  for (const [path, about] of Object.entries(installed)) {
    await mkdir(join(folder, path), { recursive: true });
    await writeFile(join(folder, path, "package.json"), JSON.stringify(about));
  }
  return packagesOf(folder);
}

test("nothing is surprising about packages that are foreseen", async ({ folder }) => {
  const packages = await tree(folder, {
    "": { name: "the project itself" },
    "node_modules/a": good,
    "node_modules/a/node_modules/sharp": { ...good, name: "platform", license: "Apache-2.0" },
    "node_modules/b": { ...good, resolved: "https://registry.npmjs.org/b/-/b-1.0.0.tgz" },
  });
  expect(surprises(packages)).toEqual([]);
  expect(summary(packages)).toBe("MIT 2, Apache-2.0 1");
});

test("a licence, an install script, another place, no hash and a stand-in are surprises", async ({
  folder,
}) => {
  const packages = await tree(folder, {
    "node_modules/a": { ...good, license: "SSPL-1.0" },
    "node_modules/b": { ...good, hasInstallScript: true },
    "node_modules/c": { ...good, resolved: "git+ssh://git@github.com/c/c.git" },
    "node_modules/d": { ...good, integrity: undefined },
    "node_modules/e": { ...good, name: "f" },
    "node_modules/g": { version: "1.0.0", integrity: "sha512-AAAA" },
  });
  expect(surprises(packages)).toEqual([
    "a@1.0.0 has the licence SSPL-1.0",
    "b@1.0.0 has an install script",
    "c@1.0.0 is of git+ssh://git@github.com/c/c.git",
    "d@1.0.0 is locked without a SHA-512",
    "e@1.0.0 is the package f",
    "g@1.0.0 has the licence of nobody knows what",
  ]);
});

test("what is installed counts, where it says something else than the lock file", async ({
  folder,
}) => {
  const locked = { "node_modules/a": good, "node_modules/protobufjs": good };
  const deep = "node_modules/a/node_modules/protobufjs";
  const packages = await tree(
    folder,
    { ...locked, [deep]: { ...good, version: "2.0.0" } },
    {
      "node_modules/a": {
        name: "a",
        version: "1.0.1",
        license: "GPL-3.0",
        scripts: { postinstall: "node steal.js" },
      },
    },
  );
  expect(surprises(packages)).toEqual([
    "a@1.0.1 has the licence GPL-3.0",
    "a@1.0.1 has an install script",
    "a@1.0.1 is not 1.0.0, which is locked",
    "protobufjs is there twice; align the versions by an override",
  ]);
});
