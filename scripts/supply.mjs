/**
 * Looks through the packages that are installed, and through those that the lock files name and other machines install:
 * their licences, the scripts that they would run when installed, where they come from, and packages that are there in two
 * versions though one is wanted. Lists them by licence, and fails on what is not foreseen here.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./step.mjs";

/** Licences that may be used and passed on with a program under MIT's; MPL-2.0 asks for its own files only. */
const licences = [
  ...["MIT", "Apache-2.0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD"],
  ...["BlueOak-1.0.0", "MPL-2.0", "(MIT OR CC0-1.0)", "Unlicense"],
];

/** Packages with an install script, and what becomes of it. `.npmrc` runs none of them. */
const scripts = {
  "onnxruntime-node": "would download CUDA libraries; the ones for the CPU are in the package",
  protobufjs: "would print a warning about version numbers",
  fsevents: "would compile for macOS; the package holds what it compiles to",
};

/** Licences that a package says in its LICENSE file alone. */
const inFile = { "png-js@2.0.0": "MIT", "svelte-toolbelt@0.10.7": "MIT" };

/** What a package is replaced with, by package.json's overrides: code that the page's build leaves out anyway. */
const stands = { "onnxruntime-node": "idb-keyval", sharp: "platform" };

/** Packages of which one version is enough. */
const single = ["protobufjs", "onnxruntime-web", "onnxruntime-common", "svelte", "vite"];

const hooks = ["preinstall", "install", "postinstall"];

/**
 * The packages of a lock file, each as the installed tree has it, or as the lock says where it is not installed.
 *
 * @param {string} folder that holds package-lock.json and node_modules
 */
export function packagesOf(folder) {
  const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  const there = Object.entries(packages).filter(([path]) => path.startsWith("node_modules/"));
  return there.map(([path, locked]) => {
    const file = join(folder, path, "package.json");
    const installed = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
    const asked = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    return {
      asked,
      name: installed?.name ?? locked.name ?? asked,
      version: installed?.version ?? locked.version,
      expected: locked.version,
      licence:
        licenceOf(installed ?? locked) ?? locked.license ?? inFile[`${asked}@${locked.version}`],
      script: locked.hasInstallScript === true || hooks.some((hook) => installed?.scripts?.[hook]),
      from: locked.resolved ?? "",
      integrity: locked.integrity ?? "",
    };
  });
}

/** What is not foreseen about packages, a sentence each. */
export function surprises(packages) {
  const found = packages.flatMap((one) => {
    const at = `${one.asked}@${one.version}`;
    const standIn = one.name === stands[one.asked];
    return [
      ...(licences.includes(one.licence)
        ? []
        : [`${at} has the licence ${one.licence ?? "of nobody knows what"}`]),
      ...(one.script && !(one.name in scripts) ? [`${at} has an install script`] : []),
      ...(one.name === one.asked || standIn ? [] : [`${at} is the package ${one.name}`]),
      ...(one.version === one.expected ? [] : [`${at} is not ${one.expected}, which is locked`]),
      ...(/^(https:\/\/registry\.npmjs\.org\/|$)/.test(one.from)
        ? []
        : [`${at} is of ${one.from}`]),
      ...(one.integrity.startsWith("sha512-") ? [] : [`${at} is locked without a SHA-512`]),
    ];
  });
  const twice = single.filter(
    (name) => packages.filter((one) => one.asked === name && one.name === name).length > 1,
  );
  return [
    ...found,
    ...twice.map((name) => `${name} is there twice; align the versions by an override`),
  ];
}

/** "MIT 280, ISC 23", the most frequent first. */
export function summary(packages) {
  const counts = new Map();
  for (const { licence } of packages) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  const sorted = Array.from(counts).sort((a, b) => b[1] - a[1]);
  return sorted.map(([licence, count]) => `${licence} ${count}`).join(", ");
}

function licenceOf({ license, licenses }) {
  if (typeof license === "string") return license;
  return license?.type ?? licenses?.map(({ type }) => type).join(" OR ");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const all = {
    "the project": packagesOf(root),
    "the benchmarks": packagesOf(join(root, "bench", "peers")),
  };
  for (const [whose, packages] of Object.entries(all)) {
    console.log(`${packages.length} packages of ${whose}: ${summary(packages)}`);
    const scripted = [...new Set(packages.filter(({ script }) => script).map(({ name }) => name))];
    for (const name of scripted) console.log(`  ${name} has an install script: ${scripts[name]}`);
    for (const surprise of surprises(packages)) {
      console.error(
        `surprise: ${surprise}; look at it, then name it in scripts/supply.mjs or choose another`,
      );
      process.exitCode = 1;
    }
  }
}
