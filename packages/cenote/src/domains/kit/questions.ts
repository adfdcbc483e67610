/**
 * One question at a time about each thing. The answer to a question speaks for those who were there when it was sent; who
 * comes while it is under way shares the next. So a thousand callers of one moment cost two questions.
 */
export class Questions<Answer> {
  readonly #open = new Map<string, { readonly asked: Promise<Answer>; next: Promise<Answer> | undefined }>();

  /** An answer to a question that is sent after this call. Rejects as `send` does. */
  ask(about: string, send: () => Promise<Answer>): Promise<Answer> {
    const open = this.#open.get(about);
    if (open) {
      const again = (): Promise<Answer> => this.ask(about, send);
      return (open.next ??= open.asked.then(again, again));
    }
    const asked = send().finally(() => this.#open.delete(about));
    this.#open.set(about, { asked, next: undefined });
    return asked;
  }
}
