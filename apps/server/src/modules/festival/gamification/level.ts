/** Each level takes 100 XP more than the one before it: 100 for the second, 300 for the third, 600 for the fourth. */
export function levelOf(xp: number): number {
  return Math.floor((1 + Math.sqrt(1 + xp / 12.5)) / 2);
}

/** The XP at which a level begins. */
export function xpOfLevel(level: number): number {
  return 50 * level * (level - 1);
}
