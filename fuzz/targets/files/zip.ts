import { readZip } from "../../../src/data/archive/zip.ts";
import { mutateMembers, zipOf } from "../../mutate/zipFile.ts";
import { checkZip } from "../../strict/zip.ts";
import type { Target } from "../../Target.ts";

const file = "a.zip";
const members = ["first", "", "third\n".repeat(50)].map((text, i) => ({
  name: i === 2 ? "folder/c.txt" : `${"ab"[i]}.txt`,
  bytes: new TextEncoder().encode(text),
}));

export const target: Target = {
  name: "zip",
  file,
  seeds: () => [zipOf(members), zipOf(members.map((member) => ({ ...member, deflated: true })))],
  mutate: (_, random) => mutateMembers(members, random),
  read: (bytes) => readZip(bytes, { what: file }),
  strict: (bytes) => checkZip(bytes, (name) => !name.endsWith("/")),
};
