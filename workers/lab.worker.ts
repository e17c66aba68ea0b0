import * as Comlink from "comlink";
import { Lab } from "./Lab.ts";

// Held for as long as this worker lives; connect.ts waits for it to be free.
void navigator.locks?.request(self.name, () => new Promise(() => undefined));
Comlink.expose(new Lab());
