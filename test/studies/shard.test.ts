import { expect, test } from "vitest";
import { isOf, parseShard } from "../../src/studies/shard.ts";

test.for([1, 2, 3, 16])("the shards of %i have each case once, from 0 or from 1", (n) => {
  for (const first of [0, 1]) {
    const shards = Array.from({ length: n }, (_, i) => parseShard(`${i + first}/${n}`));
    for (let k = 0; k < 40; k++) {
      expect(shards.filter((shard) => isOf(shard, k))).toHaveLength(1);
    }
  }
});

test.for(["", "3", "4/3", "1/0", "-1/2", "1/2/3", "a/b"])("%j is no shard", (text) => {
  expect(() => parseShard(text)).toThrow(
    `invalid shard: ${text} (write 3/16 for the third of sixteen)`,
  );
});
