import { expect, test } from "vitest";
import {
  TransferMeter,
  type TransferProgress,
} from "../../../../src/engine/files/download/TransferMeter.ts";

/** A meter whose clock and bytes are set by hand. */
function meterOf(total: number) {
  const now = { time: 0, bytes: 0 };
  const seen: TransferProgress[] = [];
  const meter = new TransferMeter(
    () => ({ bytes: now.bytes, total }),
    (progress) => seen.push(progress),
    () => now.time,
  );
  const receive = (bytes: number, time: number) => {
    now.time = time;
    now.bytes += bytes;
    meter.add(bytes);
  };
  return { now, seen, meter, receive };
}

test("speed is taken over the last five seconds, and gives the time left", () => {
  const { seen, receive } = meterOf(10_000);
  receive(500, 0);
  expect(seen.at(-1)).toEqual({ bytes: 500, total: 10_000, bytesPerSecond: 0 });
  for (let second = 1; second <= 4; second++) receive(1000, 1000 * second);
  expect(seen.at(-1)).toMatchObject({ bytes: 4500, bytesPerSecond: 1000, secondsLeft: 5.5 });
  for (let second = 5; second <= 10; second++) receive(100, 1000 * second);
  expect(seen.at(-1)).toMatchObject({ bytes: 5100, bytesPerSecond: 100, secondsLeft: 49 });
});

test("it speaks ten times a second at most, and when it is asked to", () => {
  const { seen, meter, receive } = meterOf(10_000);
  for (let time = 0; time < 1000; time += 10) receive(1, time);
  expect(seen).toHaveLength(10);
  meter.report();
  expect(seen.at(-1)).toMatchObject({ bytes: 100 });
});

test("a connection that stands still slows down to nothing", () => {
  const { now, seen, meter, receive } = meterOf(10_000);
  receive(1000, 0);
  receive(1000, 1000);
  now.time = 4000;
  meter.report();
  expect(seen.at(-1)!.bytesPerSecond).toBe(250);
  now.time = 9000;
  meter.report();
  expect(seen.at(-1)).toEqual({ bytes: 2000, total: 10_000, bytesPerSecond: 0 });
});
