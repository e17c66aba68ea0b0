import { defineConfig } from "eslint/config";
import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";

const direction =
  "Imports go ui -> workers -> studies -> methods -> engine -> kernels; data serves all but kernels.";

/** All that the terminal writes is whole or not there: only src/cli/files opens a file or gives one its name. */
const wholeFiles = [
  { name: "node:fs", message: "Read and write through src/cli/files." },
  {
    name: "node:fs/promises",
    allowImportNames: ["readdir", "readFile", "rm", "stat"],
    message: "Open and write through src/cli/files.",
  },
  { name: "fs", message: "Read and write through src/cli/files." },
  { name: "fs/promises", message: "Open and write through src/cli/files." },
];

/**
 * What each room may not look at. `values` may still be imported as types; `globals` belong to
 * another room; `gpu` says whether GPU handles may be named.
 */
const rooms = {
  kernels: {
    never: ["engine", "methods", "studies", "workers", "ui", "cli", "data"],
    globals: ["document", "window", "localStorage", "fetch"],
    gpu: true,
  },
  engine: {
    never: ["methods", "studies", "workers", "ui", "cli"],
    globals: ["document", "window", "localStorage"],
    gpu: true,
    store: true,
  },
  data: {
    never: ["studies", "workers", "ui", "cli"],
    values: ["kernels", "engine", "methods"],
    globals: ["document", "window", "localStorage", "fetch", "navigator"],
  },
  methods: {
    never: ["studies", "workers", "ui", "cli"],
    globals: ["document", "window", "localStorage", "fetch", "navigator"],
  },
  studies: {
    never: ["workers", "ui", "cli"],
    globals: ["document", "window", "localStorage", "fetch", "navigator"],
  },
  workers: {
    never: ["ui", "cli"],
    globals: ["document", "window", "localStorage", "fetch"],
  },
  ui: {
    never: ["cli"],
    values: ["studies", "methods", "engine", "kernels"],
    globals: ["fetch"],
    clock: true,
  },
  cli: {
    never: ["ui", "workers"],
    globals: ["document", "window", "localStorage", "fetch"],
    node: true,
    clock: true,
    paths: wholeFiles,
  },
};

const forbid = (room, group, rest = {}) => ({
  group,
  message: `${room} may not import this. ${direction}`,
  ...rest,
});

/** Objects are written out: `{ a, b }`, and `{ a: maybe }` for a property that may be undefined. */
const literal = {
  selector: "ObjectExpression > SpreadElement > ObjectExpression",
  message: "Write the properties themselves.",
};
const conditional = {
  selector: "ObjectExpression > SpreadElement > LogicalExpression[operator='&&']",
  message: "Give the property's type `| undefined`, and write it out.",
};
/** The rules of one room. */
function roomRules(room, { never, values = [], globals, gpu, store, node, clock, paths = [] }) {
  const patterns = [
    ...never.map((other) => forbid(room, [`**/${other}/**`])),
    ...values.map((other) => forbid(room, [`**/${other}/**`], { allowTypeImports: true })),
    ...(node
      ? []
      : [{ group: ["node:*"], message: "This room also runs in the browser; pass it in." }]),
    ...(store
      ? []
      : [
          { group: ["idb-keyval"], message: "Storage belongs to src/engine; ask it for the data." },
        ]),
  ];
  const random = [
    { object: "Math", property: "random", message: "Pass a seeded random source in." },
    { object: "Date", property: "now", message: "Pass the time in." },
  ];
  const handles = {
    selector: "TSTypeReference[typeName.name=/^GPU/]",
    message: "GPU handles appear only under src/kernels and src/engine.",
  };
  const owner = "It belongs to another room; take the value as an argument.";
  return {
    files: [room === "workers" ? "workers/**" : `src/${room}/**`],
    rules: {
      "@typescript-eslint/no-restricted-imports": ["error", { paths, patterns }],
      "no-restricted-globals": ["error", ...globals.map((name) => ({ name, message: owner }))],
      "no-restricted-syntax": ["error", literal, conditional, ...(gpu ? [] : [handles])],
      ...(clock ? {} : { "no-restricted-properties": ["error", ...random] }),
    },
  };
}

const counted = { skipBlankLines: true, skipComments: true };

export default defineConfig(
  { ignores: ["dist", "dist-cli*", "dist-fuzz", "public", "test-results", "tools"] },
  ts.configs.recommendedTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: { parserOptions: { projectService: true, extraFileExtensions: [".svelte"] } },
    rules: {
      "max-lines": ["error", { max: 400, ...counted }],
      "max-lines-per-function": ["error", { max: 60, ...counted }],
      "max-params": ["error", 4],
      "no-restricted-syntax": ["error", literal],
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  { files: ["**/*.js", "**/*.mjs"], extends: [ts.configs.disableTypeChecked] },
  { files: ["test/**"], rules: { "max-lines-per-function": "off" } },
  Object.entries(rooms).map(([room, rules]) => roomRules(room, rules)),
  roomRules("cli/files", { ...rooms.cli, paths: [] }),
);
