import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { headersOf, policy, policyOf } from "../../scripts/policy.mjs";

/** A policy's directives by their names. */
const parsed = (text: string) =>
  Object.fromEntries(
    text.split("; ").map((directive) => {
      const [name, ...sources] = directive.split(" ");
      return [name, sources];
    }),
  );

const script = "\n      document.title = 1;\n    ";
const html = `<meta charset="utf-8" /><script>${script}</script><script type="module" src="a.js"></script>`;
const hash = `'sha256-${createHash("sha256").update(script).digest("base64")}'`;

test("nothing is let in that is not named, and no code but the page's own", () => {
  const { "default-src": rest, ...named } = parsed(policyOf(html));
  expect(rest).toEqual(["'none'"]);
  expect(named["script-src"]).toEqual(["'self'", "'wasm-unsafe-eval'", hash]);
  expect(named["style-src"]).toEqual(["'self'"]);
  expect(named["worker-src"]).toEqual(["'self'"]);
  for (const name of ["base-uri", "form-action", "object-src"])
    expect(named[name]).toEqual(["'none'"]);
  expect(policyOf(html)).not.toMatch(/'unsafe-(inline|eval)'|\*/);
});

test("an inline script is let in by its hash whatever its line ends", () => {
  expect(policyOf(html.replaceAll("\n", "\r\n"))).toBe(policyOf(html));
});

test("a header forbids frames, which a <meta> cannot", () => {
  expect(parsed(policyOf(html))).not.toHaveProperty("frame-ancestors");
  const headers = headersOf(html);
  expect(parsed(headers["Content-Security-Policy"])["frame-ancestors"]).toEqual(["'none'"]);
  expect(headers).toMatchObject({
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  });
  // A worker's script has no inline scripts; the policy is its all the same.
  expect(parsed(headersOf()["Content-Security-Policy"])["script-src"]).toEqual([
    "'self'",
    "'wasm-unsafe-eval'",
  ]);
});

test("what is built carries its policy, and a file of headers for hosts that take one", () => {
  const { transformIndexHtml, generateBundle } = policy();
  const built = transformIndexHtml.handler(html);
  expect(built).toContain(
    `<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="${policyOf(html)}" />`,
  );
  const files: { fileName: string; source: string }[] = [];
  generateBundle.handler.call({ emitFile: (file: (typeof files)[0]) => files.push(file) });
  expect(files).toHaveLength(1);
  expect(files[0].fileName).toBe("_headers");
  expect(files[0].source).toContain(hash);
  expect(files[0].source).toContain("  X-Content-Type-Options: nosniff\n");
});
