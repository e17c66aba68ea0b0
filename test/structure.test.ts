import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { expect, test } from "vitest";

/** Files under a folder whose path matches. */
const files = (folder: string, pattern: RegExp) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => `${folder}/${file}`)
    .filter((file) => pattern.test(file) && !file.includes("node_modules"));

const shaders = files("src", /\.wgsl$/);
const sources = [...files("src", /\.(ts|svelte)$/), ...files("workers", /\.ts$/)];
const tests = files("test", /\.ts$/);

/** Lines that are neither blank nor comments. */
const codeLines = (file: string) =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => !/^\s*($|\/\/|\/\*|\*)/.test(line)).length;

test("there are files to look at", () => {
  expect(shaders.length).toBeGreaterThan(3);
  expect(sources.length).toBeGreaterThan(shaders.length * 3);
});

// name.variant.wgsl belongs to the kernel called name.
test.for(shaders)("%s has its wrapper, reference and tests", (shader) => {
  const [room, name] = [dirname(shader), basename(shader).split(".")[0]];
  const beside = room.replace(/^src/, "test");
  const missing = [
    `${room}/${name}.ts`,
    `${room}/${name}.reference.ts`,
    `${beside}/${name}.browser.test.ts`,
    `${beside}/${name}.test.ts`,
  ].filter((file) => !existsSync(file));
  expect(missing).toEqual([]);
});

test.for(shaders)("%s begins with what it is and has at most 120 lines", (shader) => {
  const lines = readFileSync(shader, "utf8").trimEnd().split("\n");
  expect(lines[0]).toMatch(/^\/\/ .+/);
  expect(lines.length).toBeLessThanOrEqual(120);
});

test("shaders are files, not strings", () => {
  expect(sources.filter((file) => readFileSync(file, "utf8").includes("@compute"))).toEqual([]);
});

test("no file is a drawer", () => {
  const drawers = /^(utils?|helpers?|common|misc|shared|types|index|constants)\./i;
  expect([...sources, ...tests].filter((file) => drawers.test(basename(file)))).toEqual([]);
});

test("no file names an editor outside its folder, but for the registry", () => {
  const folders = readdirSync("src/methods/edit", { withFileTypes: true })
    .filter((entry) => existsSync(`src/methods/edit/${entry.name}/editor.ts`))
    .map(({ name }) => name);
  expect(folders.length).toBeGreaterThan(1);
  const named = new RegExp(`\\b(${folders.join("|")})`, "i");
  const own = new RegExp(`^src/methods/edit/((${folders.join("|")})/|editors.ts$)`);
  const all = [...sources, ...shaders, ...files("src", /\.(json|css)$/)];
  const wrong = all.filter((file) => !own.test(file) && named.test(readFileSync(file, "utf8")));
  expect(wrong).toEqual([]);
});

/** Folders that hold what programs wrote: golden numbers, checkpoints, files of known content. */
const generated = /^test\/(golden\/(numbers|checkpoints)|data\/fixtures)(\/|$)/;

test("no folder has more than twenty files", () => {
  const rooms = ["src", "workers", "test", "bench", "fuzz", "scripts", "tools"];
  const counts = new Map<string, number>();
  for (const file of rooms.flatMap((room) => files(room, /\.\w+$/))) {
    const folder = dirname(file);
    if (generated.test(folder) || folder.includes("__")) continue;
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  expect(Array.from(counts).filter(([, count]) => count > 20)).toEqual([]);
});

test("no TypeScript file has more than 400 lines of code", () => {
  const long = sources.filter((file) => file.endsWith(".ts") && codeLines(file) > 400);
  expect(long.map((file) => `${file}: ${codeLines(file)}`)).toEqual([]);
});

/** Tests about many files at once, or about the tests' own setup. */
const general = [
  "test/structure.test.ts",
  "test/setup.test.ts",
  "test/methods/interrupted.test.ts",
  "test/kernels/wgsl.browser.test.ts",
];

test("test/ mirrors src/: name.intent.test.ts lies where the file called name does", () => {
  const mirrored = tests.filter((file) => file.endsWith(".test.ts") && !general.includes(file));
  const orphans = mirrored.filter((file) => {
    const room = dirname(file).replace(/^test\/?/, "");
    const subject = basename(file).split(".")[0];
    const rooms = [`src/${room}`, room].filter((folder) => folder && existsSync(folder));
    return !rooms.some((folder) => readdirSync(folder).some((f) => f.split(".")[0] === subject));
  });
  expect(orphans).toEqual([]);
});

/** Files that tell what others published, by their names for it. */
const quoting = ["src/methods/verify/publishedFacts.ts"];

test("no weight and no architecture is named outside its table", () => {
  const named =
    /c_proj|c_attn|fc_out|fc_in|dense_4h_to_h|query_key_value|gptj|gpt_neox|\bwte\b|\bwpe\b/;
  const found = sources.filter(
    (file) =>
      !file.startsWith("src/engine/architecture/") &&
      !quoting.includes(file) &&
      named.test(readFileSync(file, "utf8")),
  );
  expect(found).toEqual([]);
});

test("numbers in kernel tests are compared by toBeAllclose", () => {
  const kernelTests = tests.filter((file) => file.startsWith("test/kernels/"));
  expect(kernelTests.filter((file) => readFileSync(file, "utf8").includes("toBeCloseTo"))).toEqual(
    [],
  );
});
