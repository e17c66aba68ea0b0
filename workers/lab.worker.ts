import * as Comlink from "comlink";
import { openWebRuntime } from "../src/engine/runtime/webRuntime.ts";
import { Lab } from "./Lab.ts";

// Held for as long as this worker lives; connect.ts waits for it to be free.
const held = new Promise<void>((resolve) => {
  void navigator.locks?.request(self.name, () => {
    resolve();
    return new Promise(() => undefined);
  });
});
Comlink.expose(new Lab(held, openWebRuntime));
