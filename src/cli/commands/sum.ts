import { writeDelta } from "../../data/delta/deltaFile.ts";
import { requestsOf } from "../../data/delta/provenance.ts";
import { atStrength } from "../../data/delta/strength.ts";
import { sumOf } from "../../data/delta/sumOf.ts";
import type { Command } from "../Command.ts";
import { tryFile } from "../files/tryOut.ts";
import { writeWhole } from "../files/writeWhole.ts";
import { deltaOption, readEdit, strengthsOf } from "../open/openDelta.ts";
import { anotherModel } from "../open/openModel.ts";
import { parseOptions, required } from "../options.ts";
import { WrongCall } from "../WrongCall.ts";

/** `sum`: several edits as one. */
export const sum: Command = {
  usage: "sum --delta F … [--strength S,…] [--another-model] --out F.safetensors",
  about: "Writes edits that are on together as one delta: the sum of their changes.",
  async run(args, terminal) {
    const given = parseOptions(args, {
      ...anotherModel,
      ...deltaOption,
      out: { type: "string" },
    });
    const out = required(given, "out");
    const paths = given.delta ?? [];
    if (paths.length === 0) throw new WrongCall("--delta is missing");
    const at = strengthsOf(given);
    await tryFile(out);
    const whole = await Promise.all(paths.map(readEdit));
    const stamps = whole.map(({ provenance }) => provenance.stamp);
    const other = stamps.findIndex((stamp) => stamp && stamps[0] && stamp !== stamps[0]);
    if (other > 0 && !given["another-model"])
      throw new Error(
        `${paths[other]} was made with another model than ${paths[0]}; --another-model adds it all the same`,
      );
    const deltas = await Promise.all(whole.map((delta, i) => atStrength(delta, at[i])));
    const made = await sumOf(deltas);
    await writeWhole(out, writeDelta(made));
    const facts = requestsOf(made).length;
    terminal.print(
      `${out}: ${deltas.length} edits of ${facts} ${facts === 1 ? "fact" : "facts"}, ${made.weights.length} changed ${made.weights.length === 1 ? "weight" : "weights"}`,
    );
  },
};
