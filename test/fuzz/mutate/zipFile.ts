import { crc32, deflateRawSync } from "node:zlib";
import type { Random } from "../Random.ts";
