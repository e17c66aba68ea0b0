import { createHash } from "node:crypto";
import { isolation } from "./isolation.mjs";

/**
 * What the page may load, as Content-Security-Policy has it: everything of its own, and nothing of others but bytes that
 * it fetches. A worker takes its policy from its own answer, so that every file is sent with one.
 */
const directives = {
  "default-src": ["'none'"],
  // The script in index.html by its hash, and WebAssembly; no eval.
  "script-src": ["'self'", "'wasm-unsafe-eval'"],
  "worker-src": ["'self'"],
  // Models come from wherever the reader says, and that may be a server of the laboratory without a certificate.
  "connect-src": ["'self'", "https:", "http:"],
  "style-src": ["'self'"],
  // A figure is drawn as data: on its way to a PNG.
  "img-src": ["'self'", "data:", "blob:"],
  "base-uri": ["'none'"],
  "form-action": ["'none'"],
  "object-src": ["'none'"],
};

/** What a page in a browser can do and ours never does. */
const features = [
  ...["camera", "display-capture", "geolocation", "hid", "microphone", "midi", "payment"],
  ...["serial", "usb"],
];

/**
 * The policy of an HTML file, whose inline scripts are let in by their hashes; of any other file without one.
 *
 * @param {string} html
 * @param {Record<string, string[]>} [more] directives that only a header may have
 * @returns {string}
 */
export function policyOf(html = "", more = {}) {
  const inline = Array.from(html.matchAll(/<script>([\s\S]*?)<\/script>/g), ([, code]) =>
    code.replace(/\r\n?/g, "\n"),
  );
  const hashes = inline.map(
    (code) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`,
  );
  const all = { ...directives, "script-src": [...directives["script-src"], ...hashes], ...more };
  return Object.entries(all)
    .map(([name, sources]) => `${name} ${sources.join(" ")}`)
    .join("; ");
}

/** Every header that the page and its files are served with; `html` as for policyOf. */
export function headersOf(html = "") {
  return {
    ...isolation,
    "Content-Security-Policy": policyOf(html, { "frame-ancestors": ["'none'"] }),
    "Permissions-Policy": features.map((feature) => `${feature}=()`).join(", "),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  };
}

/**
 * A plugin of Vite: what is built carries its policy itself, for hosts that set no headers, and `_headers` for those that
 * take them from there. The development server has none of it: what it puts into the page, styles and all, is inline.
 */
export function policy() {
  let built = "";
  return {
    name: "palimpsest:policy",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html) {
        built = withMeta(html);
        return built;
      },
    },
    generateBundle: {
      order: "post",
      handler() {
        const lines = Object.entries(headersOf(built)).map(
          ([name, value]) => `  ${name}: ${value}`,
        );
        this.emitFile({ type: "asset", fileName: "_headers", source: `/*\n${lines.join("\n")}\n` });
      },
    },
  };
}

/** The policy before anything that it is about. */
function withMeta(html) {
  const charset = '<meta charset="utf-8" />';
  if (!html.includes(charset))
    throw new Error(`index.html has no ${charset} to put its policy after`);
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policyOf(html)}" />`;
  const referrer = '<meta name="referrer" content="no-referrer" />';
  return html.replace(charset, [charset, meta, referrer].join("\n    "));
}
