import { expect, test } from "vitest";
import type {
  NewStudy,
  StudyHead,
  StudyOffer,
  StudyProgress,
  StudyView,
} from "../../../workers/protocol/protocol.ts";
import { fractionOf, secondsLeft, StudiesDesk } from "../../../src/ui/study/StudiesDesk.svelte.ts";
import { FakeStudying } from "../../support/ui/FakeStudying.ts";

const head: StudyHead = {
  id: "a1",
  study: "sweep",
  title: "A grid of settings",
  of: "4 cases",
  model: "demo, f32",
  open: true,
  resumable: true,
  cases: "facts.json",
  begun: "2026-11-22",
  rows: 0,
  total: 4,
  done: false,
  plan: { parts: [], seconds: 40 },
  seconds: 0,
};
const view: StudyView = {
  head,
  settings: [],
  filters: [],
  tables: [],
  figures: [],
  failed: 0,
  command: "",
};
const offer: StudyOffer = {
  name: "sweep",
  title: "A grid of settings",
  about: "",
  fields: [],
  presets: {},
  editors: "several",
  methods: ["one", "two"].map((name) => ({ name, title: name, fields: [], presets: {} })),
  chosen: ["one"],
};

/** A worker that keeps one study, and a session that runs one job at a time. */
function opened() {
  const studying = new FakeStudying();
  const kept = { head: { ...head } };
  const orders: NewStudy[] = [];
  const errors: unknown[] = [];
  let tell: (progress: StudyProgress) => void = () => undefined;
  let end: () => void = () => undefined;
  Object.assign(studying, {
    offers: () => Promise.resolve([offer]),
    list: () => Promise.resolve([kept.head]),
    view: () => Promise.resolve({ ...view, head: kept.head }),
    rows: () => Promise.resolve({ columns: [], rows: [], total: kept.head.rows }),
    begin: (_: number, order: NewStudy) =>
      Promise.resolve(void orders.push(order)).then(() => "a1"),
    resume: (_: number, __: string, report: typeof tell) => {
      tell = report;
      return new Promise<void>((resolve) => (end = resolve));
    },
    supply: () => Promise.reject(new Error("others.json is not the file")),
  });
  const desk = new StudiesDesk({
    lab: () => studying,
    run: (_, work) => work(1).catch((error: unknown) => void errors.push(error)),
    stop: () => end(),
    progress: () => undefined,
    callback: (call) => call,
    report: (error) => void errors.push(error),
  });
  return {
    desk,
    kept,
    orders,
    errors,
    tell: (progress: StudyProgress) => tell(progress),
    end: () => end(),
  };
}

test("a new study is looked at by its plan; running it shows the run, its end the results", async () => {
  const { desk, kept, tell, end } = opened();
  await desk.refresh();
  expect(await desk.begin(desk.draft.order(offer))).toBe("a1");
  expect(desk.tab).toBe("plan");
  await desk.look("a1");
  const running = desk.resume("a1");
  expect(desk.tab).toBe("run");
  tell({ rows: 2, total: 4, doing: "case 2" });
  expect(desk.running).toMatchObject({ id: "a1", progress: { rows: 2 } });
  kept.head = { ...head, rows: 4, seconds: 44, done: true };
  end();
  await running;
  expect(desk.running).toBeNull();
  expect(desk.tab).toBe("results");
  expect(desk.rows?.total).toBe(4);
});

test("a study that is stopped stays where it is, and can be gone on with", async () => {
  const { desk, kept } = opened();
  await desk.look("a1");
  const running = desk.resume("a1");
  kept.head = { ...head, rows: 2, seconds: 20 };
  await desk.stop();
  await running;
  expect(desk.tab).toBe("run");
  expect(desk.kept[0]).toMatchObject({ rows: 2, done: false });
});

test("what is typed of each study and method stays, and is what the worker is asked for", () => {
  const { desk } = opened();
  desk.draft.type(offer, { grid: "layer=0,1" });
  desk.draft.choose(offer, ["one", "two"]);
  desk.draft.typeOfMethod("two", { steps: "5" });
  desk.draft.choice = { kind: "table", id: "t" };
  expect(desk.draft.order(offer)).toEqual({
    study: "sweep",
    settings: { grid: "layer=0,1" },
    methods: ["one", "two"],
    methodSettings: { one: {}, two: { steps: "5" } },
    seed: 0,
    cases: { table: "t" },
  });
  desk.draft.choice = { kind: "file" };
  expect(() => desk.draft.order(offer)).toThrow("no file of cases is chosen");
  desk.draft.takeFile(new File([], "mine.json"));
  expect(desk.draft.order(offer).cases).toMatchObject({ file: { name: "mine.json" } });
  desk.draft.choose(offer, []);
  expect(() => desk.draft.order(offer)).toThrow("no method is chosen");
});

test("a link says which part is looked at, and another file than a study's is told", async () => {
  const { desk, errors } = opened();
  desk.follow({ tab: "files" });
  expect(desk.tab).toBe("files");
  desk.follow({ tab: "nonsense" });
  expect(desk.tab).toBe("files");
  await desk.supply("a1", new File([], "others.json"));
  expect(String(errors[0])).toContain("others.json is not the file");
});

test("what is left is told by the plan before there are rows, and by the rows then", () => {
  expect(secondsLeft(head)).toBe(40);
  expect(secondsLeft({ ...head, rows: 2, seconds: 30 })).toBe(30);
  expect(secondsLeft({ ...head, rows: 1, seconds: 1 })).toBe(39);
  expect(secondsLeft({ ...head, done: true })).toBe(0);
  expect(secondsLeft({ ...head, plan: undefined, total: undefined })).toBeUndefined();
  expect(fractionOf({ ...head, rows: 1 })).toBe(0.25);
  expect(fractionOf({ ...head, total: undefined })).toBeUndefined();
});
