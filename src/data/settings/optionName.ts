import type { Field, FieldKind } from "./Field.ts";

/** What the terminal calls a field, without the dashes: its name in kebab case, or what it says itself. */
export const optionName = ({ name, option }: Pick<Field, "name" | "option">): string =>
  option ?? name.replace(/\p{Lu}/gu, (letter) => `-${letter.toLowerCase()}`);

/** The option with what it takes, as a line of usage has it: `--clamp X`, `--form lines|paragraphs`. */
export function optionUsage(field: Pick<Field, "name" | "option" | "kind">): string {
  const taken = wanted(field.kind);
  return `--${optionName(field)}${taken && ` ${taken}`}`;
}

function wanted(kind: FieldKind): string {
  switch (kind.type) {
    case "number":
      return kind.whole ? "N" : "X";
    case "numbers":
      return "1,2,4";
    case "layer":
      return "L";
    case "layers":
      return "3,4,5";
    case "choice":
      return kind.choices.map(([value]) => value).join("|");
    case "choices":
      return kind.choices.map(([value]) => value).join(",");
    case "contexts":
      return "10x5,10x10";
    case "noise":
      return "3s";
    case "flag":
      return "";
    case "text":
      return "T";
  }
}
