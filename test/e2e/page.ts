import { expect, test as base } from "@playwright/test";

/**
 * The test of every end-to-end file: what the page's policy forbids is reported, by the page, its frames and its workers,
 * and fails the test. A test that provokes a report looks for it in `violations` and empties it.
 */
export const test = base.extend<{ violations: string[] }>({
  violations: [
    async ({ context }, use) => {
      const found: string[] = [];
      await context.exposeBinding("reportViolation", (_, report: string) => found.push(report));
      await context.addInitScript(listen);
      context.on("page", (page) => {
        page.on("worker", (worker) => void worker.evaluate(listenInWorker).catch(() => undefined));
        page.on("console", (message) => {
          const text = message.text();
          if (/^\[policy\] |Content Security Policy/.test(text)) found.push(text);
        });
      });
      await use(found);
      expect(found, "what the page's policy forbade").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

function listen() {
  const page = globalThis as unknown as { reportViolation(report: string): void };
  addEventListener("securitypolicyviolation", (event) => {
    const { effectiveDirective, blockedURI } = event as SecurityPolicyViolationEvent;
    page.reportViolation(`${effectiveDirective} ${blockedURI}`);
  });
}

/** A worker cannot be given a binding: it says it on the console, which is the page's. */
function listenInWorker() {
  addEventListener("securitypolicyviolation", (event) => {
    const { effectiveDirective, blockedURI } = event as SecurityPolicyViolationEvent;
    console.error(`[policy] worker: ${effectiveDirective} ${blockedURI}`);
  });
}
