import { mount } from "svelte";
import App from "../../src/ui/App.svelte";
import "../../src/ui/page.css";
import { FakeLab, fakeConnection } from "./FakeLab.ts";

const query = new URLSearchParams(location.search);
const fail = query.get("fail");
const lab = new FakeLab({
  delay: Number(query.get("delay") ?? 0),
  keyRatio: Number(query.get("ratio") ?? 0.94),
  ...(fail && { fail: { [fail]: query.get("sentence") ?? "it failed; try again" } }),
});
mount(App, { target: document.body, props: { connect: () => fakeConnection(lab) } });
