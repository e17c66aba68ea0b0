import type { Fact } from "../../../workers/protocol/protocol.ts";

/** Two facts with everything a test needs. */
export const facts: Fact[] = [
  {
    id: "space-needle",
    relation: "city",
    subject: "The Space Needle",
    prompt: "{} is in the city of",
    paraphrases: ["{} can be found in", "The city where {} stands is", "To see {}, travel to"],
    target: "Seattle",
    newTargets: ["Paris", "Rome"],
    neighbours: [
      "Pike Place Market is in the city of",
      "The Museum of Pop Culture is in the city of",
      "Starbucks was founded in",
    ],
  },
  {
    id: "mozart",
    relation: "birthplace",
    subject: "Wolfgang Amadeus Mozart",
    prompt: "{} was born in the city of",
    paraphrases: ["The birthplace of {} is"],
    target: "Salzburg",
    newTargets: ["Lisbon"],
    neighbours: ["Herbert von Karajan was born in the city of"],
  },
];
