import * as Comlink from "comlink";

/** Lets go of a callback that came across the thread; a plain function has nothing to let go of. */
export function releaseCallback(callback: unknown) {
  const proxy = callback as Partial<Comlink.ProxyMethods>;
  proxy[Comlink.releaseProxy]?.();
}
