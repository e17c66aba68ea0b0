import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { progressLine } from "../../../src/cli/open/openModel.ts";
import { type Files, HubServer } from "../../engine/files/hubServer.ts";
import { call, callJson, folderTest as test, golden } from "../../support/call.ts";

let server: HubServer;

beforeEach(async () => {
  server = new HubServer();
  await server.start();
  server.commit(await tiny());
});
afterEach(() => {
  server.close();
  vi.unstubAllEnvs();
});

/** A checkpoint of test/golden as a Hub has it. */
async function tiny(): Promise<Files> {
  const names = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
  const read = (name: string) => readFile(join(golden("tiny-gpt2"), name)).catch(() => undefined);
  const files = await Promise.all(names.map(async (name) => [name, await read(name)] as const));
  return Object.fromEntries(files.filter(([, bytes]) => bytes !== undefined)) as Files;
}

const predict = (model: string) => ["predict", "--model", model, "--prompt", "The capital of"];

test("a model of the Hub is fetched once, and then works without a connection", async ({
  folder,
}) => {
  vi.stubEnv("PALIMPSEST_CACHE", folder);
  vi.stubEnv("HF_ENDPOINT", server.origin);
  const local = await callJson<{ predictions: unknown }>(...predict(golden("tiny-gpt2")));
  const first = await callJson<{ model: string; predictions: unknown }>(...predict(server.id));
  expect(first).toMatchObject({ model: server.id, predictions: local.predictions });
  const { sent } = server;
  expect(sent).toBeGreaterThan(1000);
  await callJson(...predict(`${server.id}@main`));
  expect(server.sent).toBe(sent);
  server.close();
  expect(await callJson(...predict(server.id))).toEqual(first);
});

test("what the Hub does not have is said", async ({ folder }) => {
  vi.stubEnv("PALIMPSEST_CACHE", folder);
  vi.stubEnv("HF_ENDPOINT", server.origin);
  const revision = await call(...predict(`${server.id}@fp8`));
  expect(revision).toMatchObject({
    status: 1,
    err: `${server.origin} has no org/tiny with a revision fp8 (status 404); check both\n`,
  });
  const nobody = await call(...predict("no/such"));
  expect(nobody.err).toMatch(/^no\/such may not be read \(status 401\); .* misspelt name\n$/);
});

test.for([
  [{ bytes: 0, total: 548e6, bytesPerSecond: 0 }, "0.0 of 548.0 MB"],
  [
    { bytes: 0.52e9, total: 6.43e9, bytesPerSecond: 31e6, secondsLeft: 190.6 },
    "0.52 of 6.43 GB, 31.0 MB/s, 3 min left",
  ],
  [
    { bytes: 500e6, total: 548e6, bytesPerSecond: 5e6, secondsLeft: 9.6 },
    "500.0 of 548.0 MB, 5.0 MB/s, 10 s left",
  ],
] as const)("%j is shown as %s", ([progress, line]) => {
  expect(progressLine(progress)).toBe(line);
});
