import type { Jsonify } from './jsonify.js';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(proof: Same<A, B>): void;

same<Jsonify<string | number | boolean | null>, string | number | boolean | null>(true);
same<Jsonify<undefined>, undefined>(true);
same<Jsonify<string | undefined>, string | undefined>(true);
same<Jsonify<'a' | 1>, 'a' | 1>(true);
same<Jsonify<unknown>, unknown>(true);
// oxlint-disable-next-line no-explicit-any -- any passes through, which is what is tested
same<Jsonify<any>, any>(true);
same<Jsonify<never>, never>(true);

same<Jsonify<Date>, string>(true);
same<Jsonify<{ at: Date; until: Date | null }>, { at: string; until: string | null }>(true);
same<Jsonify<bigint>, never>(true);
same<Jsonify<{ n: bigint }>, { n: never }>(true);
same<Jsonify<() => void>, undefined>(true);
same<Jsonify<{ toJSON(): { at: Date } }>, { at: string }>(true);
same<Jsonify<Map<string, number>>, Record<never, never>>(true);
same<Jsonify<Set<string>>, Record<never, never>>(true);
same<Jsonify<{ m: Map<string, number> }>, { m: Record<never, never> }>(true);
same<Jsonify<Buffer>, { type: 'Buffer'; data: number[] }>(true);
same<Jsonify<Uint8Array>, Record<string, number>>(true);

same<Jsonify<{ a: number; f: () => void; s: symbol; u: undefined }>, { a: number }>(true);
same<Jsonify<{ a?: number }>, { a?: number }>(true);
same<Jsonify<{ a: number | undefined }>, { a?: number }>(true);
same<Jsonify<{ readonly a: { readonly b: Date } }>, { readonly a: { readonly b: string } }>(true);
same<Jsonify<{ a?: unknown; b: unknown }>, { b: unknown; a?: unknown }>(true);
same<Jsonify<{ [key: string]: Date }>, { [key: string]: string }>(true);
same<Jsonify<Record<'a' | 'b', Date>>, { a: string; b: string }>(true);
same<Jsonify<{ [Symbol.iterator]: string; a: Date }>, { a: string }>(true);

same<Jsonify<Date[]>, string[]>(true);
same<Jsonify<readonly Date[]>, readonly string[]>(true);
same<Jsonify<[Date, number, (() => void)?]>, [string, number, null?]>(true);
same<Jsonify<(number | undefined)[]>, (number | null)[]>(true);
same<Jsonify<[first: number, ...rest: Date[]]>, [first: number, ...rest: string[]]>(true);

type UserId = number & { readonly __brand: 'UserId' };
same<Jsonify<UserId>, UserId>(true);
same<Jsonify<{ id: UserId }>, { id: UserId }>(true);

interface Tree {
  at: Date;
  children: Tree[];
  parent?: Tree;
}
declare const tree: Jsonify<Tree>;
same<(typeof tree)['at'], string>(true);
same<(typeof tree)['children'][number]['children'][number]['at'], string>(true);
same<NonNullable<NonNullable<(typeof tree)['parent']>['parent']>['at'], string>(true);

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
declare const document: Jsonify<Json>;
const again: Json = document;
void again;

class Point {
  readonly x = 1;
  readonly #y = 2;
  get sum(): number {
    return this.x + this.#y;
  }
  move(): void {}
}
declare const point: Jsonify<Point>;
same<(typeof point)['x'], 1>(true);
// @ts-expect-error methods are not written
void point.move;

type Shape = { kind: 'dot' } | { kind: 'line'; to: Date };
same<Jsonify<Shape>, { kind: 'dot' } | { kind: 'line'; to: string }>(true);
