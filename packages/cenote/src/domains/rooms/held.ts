/** Something stored, as its text: each who takes it gets one of their own, so that nobody can spoil it for the others. */
export class Held<T extends object> {
  readonly text: string;
  readonly #decode: (text: string) => T | undefined;
  #first: T | undefined;

  constructor(text: string, decode: (text: string) => T | undefined) {
    this.text = text;
    this.#decode = decode;
    this.#first = decode(text);
  }

  /** False for what does not read. */
  get isReadable(): boolean {
    return this.#first !== undefined;
  }

  take(): T {
    const taken = this.#first ?? this.#decode(this.text);
    this.#first = undefined;
    return taken as T;
  }
}
