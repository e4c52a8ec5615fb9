/**
 * The text of the code pane and the draft, kept the same. Text that can be read becomes one deed after a moment's rest;
 * text that cannot stays as it is, on this device too. What is done elsewhere meanwhile is kept: only what the text
 * changed since both were the same is written.
 */
import type { JsonObject } from '../../../../document/json';
import { toYaml, type Unreadable } from '../../../../document/yaml';
import type { DraftStore } from '../../../../stores/DraftStore';
import { keepUnapplied, unappliedOf } from '../../../../stores/unapplied';

export const REST_MS = 300;
/** Larger texts are taken on demand: reading one takes a while. */
const LARGE = 200_000;

export type CodeState =
  { readonly is: 'same' | 'typing' | 'held' } | { readonly is: 'wrong'; readonly error: Unreadable };

type Draft = Pick<DraftStore, 'workflowId' | 'state' | 'text' | 'write'>;

/** What shows the text. */
export interface Sheet {
  text: () => string;
  setText: (text: string) => void;
}

export class CodeSession {
  state: CodeState = { is: 'same' };
  private same: { text: string; definition: JsonObject };
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly draft: Draft,
    private readonly sheet: Sheet,
    private readonly tell: (state: CodeState) => void,
  ) {
    const kept = unappliedOf(draft.workflowId);
    this.same = this.now();
    if (!kept || kept.text === this.same.text) {
      sheet.setText(this.same.text);
      this.become({ is: 'same' });
      return;
    }
    this.same = { text: this.same.text, definition: kept.base };
    sheet.setText(kept.text);
    this.apply();
  }

  /** The person has changed the text. */
  typed(): void {
    this.pause();
    if (this.sheet.text() === this.same.text) return this.become({ is: 'same' });
    if (this.sheet.text().length > LARGE) return this.become({ is: 'held' });
    this.timer = setTimeout(() => this.apply(), REST_MS);
    if (this.state.is !== 'wrong') this.become({ is: 'typing' });
  }

  /** The draft has changed, here or elsewhere. */
  changed(): void {
    if (this.draft.state().draft.definition === this.same.definition) return;
    if (this.isDirty()) return; // taken in when the text is
    this.meet();
  }

  /** Take the text now. */
  apply(): void {
    this.pause();
    const text = this.sheet.text();
    if (!this.isDirty()) return this.become({ is: 'same' });
    const { definition: base } = this.same;
    const error = this.draft.write(text, { base, group: 'code' });
    if (error) {
      keepUnapplied(this.draft.workflowId, { text, base });
      return this.become({ is: 'wrong', error });
    }
    keepUnapplied(this.draft.workflowId, null);
    this.meet();
    this.become({ is: 'same' });
  }

  /** Back to the draft as it is. */
  discard(): void {
    this.pause();
    keepUnapplied(this.draft.workflowId, null);
    this.meet();
    this.become({ is: 'same' });
  }

  /** The pane goes: what was typed is taken, or kept. */
  stop(): void {
    if (this.isDirty()) this.apply();
    this.pause();
  }

  isDirty(): boolean {
    return this.sheet.text() !== this.same.text;
  }

  private meet(): void {
    this.same = this.now();
    this.sheet.setText(this.same.text);
  }

  private now(): { text: string; definition: JsonObject } {
    const { definition } = this.draft.state().draft;
    return { text: this.draft.text() ?? toYaml(definition), definition };
  }

  private pause(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private become(state: CodeState): void {
    this.state = state;
    this.tell(state);
  }
}
