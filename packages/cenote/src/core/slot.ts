/** How Redis Cluster places a key: by its hash tag, else by the whole key. */

/** The hash tag of a key, as Redis sees it: what stands between the first `{` and the next `}`, when that is not empty. */
export function hashTagOf(key: string): string | undefined {
  const open = key.indexOf('{');
  if (open < 0) return undefined;
  const close = key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : undefined;
}

/** The slot of a key, 0 to 16383: CRC16 (XMODEM) over the UTF-8 bytes of its hash tag, else of the whole key. O(length). */
export function hashSlot(key: string): number {
  let crc = 0;
  for (const byte of Buffer.from(hashTagOf(key) ?? key)) crc = shiftByte(crc ^ (byte << 8));
  return crc & 0x3fff;
}

function shiftByte(crc: number): number {
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
}
