/**
 * The draft of one workflow while it is edited: every deed goes through `perform`, is written to the journal of this
 * device and saved after a moment's rest, one request at a time.
 *
 * What others saved meanwhile (412, or a word from another tab) is put under what was done here; a field both changed
 * becomes a conflict with both values. What the platform refuses stays here and in the journal. `state()` serves as
 * `getSnapshot`; it is replaced when something changes and never changed in place.
 */
import { useSyncExternalStore } from 'react';
import { answered, ApiError, client, type Schemas } from '../api/client';
import { useSession } from '../api/session';
import { diff } from '../document/diff';
import * as past from '../document/history';
import { recordOf, recovered, type JournalRecord } from '../document/journal';
import { same, type JsonObject } from '../document/json';
import { emptyDraft, nodeOf, type Draft } from '../document/model';
import type { Operation } from '../document/operation';
import { patchOf, type PatchOperation } from '../document/patch';
import { rebase, type Conflict } from '../document/rebase';
import { fromYaml, SourceText, toYaml, type Unreadable } from '../document/yaml';
import { PAGE, type Journals } from './journals';
import { holdUnsaved } from './unsaved';

export interface SavedDraft {
  readonly rev: number;
  readonly definition: JsonObject;
  readonly editor: JsonObject;
  readonly source: string | null;
}

export interface DraftTransport {
  load(): Promise<SavedDraft>;
  /** Throws ApiError; with 412 the problem carries `draft`. */
  save(patch: readonly PatchOperation[], rev: number): Promise<SavedDraft>;
}

/** Other tabs of this browser. */
export interface DraftChannel {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/**
 * `dirty`: waits for a moment's rest · `offline`: nothing answers, tried again · `refused`: kept here, `error` says
 * why · `signedOut`: saved after the next sign-in.
 */
export type Saving = 'loading' | 'saved' | 'dirty' | 'saving' | 'offline' | 'refused' | 'signedOut';

export interface DraftState {
  readonly saving: Saving;
  readonly rev: number;
  readonly draft: Draft;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Deeds that are on this device only. */
  readonly unsaved: number;
  readonly conflicts: readonly Conflict[];
  /** Left by pages that are gone: to be recovered or discarded, never applied silently. */
  readonly offered: readonly JournalRecord[];
  readonly error: ApiError | null;
}

export const REST_MS = 400;
const FIRST_RETRY_MS = 1_000;
const LATEST_RETRY_MS = 30_000;
/** The interface takes 10,000 operations in one patch. */
const MOST_OPERATIONS = 9_000;

export class DraftStore {
  private history = past.begin(emptyDraft(''));
  private conflicts: readonly Conflict[] = [];
  private offered: readonly JournalRecord[] = [];
  private saving: Saving = 'loading';
  private error: ApiError | null = null;
  private rev = 0;
  private readonly source = new SourceText();
  private textChanged = false;
  private shown: DraftState;
  private readonly calls = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private retryMs = FIRST_RETRY_MS;
  private flight: Promise<void> | null = null;
  private writing: Promise<void> = Promise.resolve();
  private stopped = false;
  private stops: (() => void)[] = [];
  /** Whose deeds these are; they are never saved in another's name. */
  private readonly owner = signedIn();

  constructor(
    readonly workflowId: string,
    private readonly transport: DraftTransport = transportOf(workflowId),
    private readonly journals: Journals | null = null,
    private readonly channel: DraftChannel | null = channelOf(workflowId),
  ) {
    this.shown = this.snapshot();
  }

  /** Load the draft. Throws ApiError if there is none to be had. */
  async start(): Promise<void> {
    const saved = await this.transport.load();
    this.rev = saved.rev;
    this.history = past.begin(draftOf(saved));
    this.source.begin(saved.source, saved.definition);
    this.saving = 'saved';
    if (this.channel) this.channel.onmessage = (event) => this.heard(event.data);
    globalThis.addEventListener?.('online', this.wake);
    globalThis.addEventListener?.('pagehide', this.leave);
    const back = useSession.subscribe((now, before) => {
      if ((before.ended || before.me === null) && !now.ended && now.me !== null) this.wake();
    });
    this.stops = [back, holdUnsaved(() => this.flush())];
    this.tell();
    const left = (await this.journals?.left(this.workflowId).catch(() => [])) ?? [];
    this.offered = left.filter((record) => this.tellsMore(record));
    this.tell();
  }

  /** Whether something of a record is missing here; one whose last request did arrive is forgotten. */
  private tellsMore(record: JournalRecord): boolean {
    const { history, conflicts } = recovered(record, this.history.base);
    if (conflicts.length > 0 || past.isDirty(history)) return true;
    void this.journals?.drop(record).catch(() => undefined);
    return false;
  }

  /** Stop listening; what is unsaved is sent and stays in the journal until it has arrived. */
  stop(): void {
    for (const stop of this.stops) stop();
    globalThis.removeEventListener?.('online', this.wake);
    globalThis.removeEventListener?.('pagehide', this.leave);
    void this.flush().finally(() => {
      this.stopped = true;
      this.pause();
      this.channel?.close();
    });
  }

  state(): DraftState {
    return this.shown;
  }

  subscribe(call: () => void): () => void {
    this.calls.add(call);
    return () => this.calls.delete(call);
  }

  // What a person does.

  /** Do something; one undo takes all of it back. */
  perform(operations: readonly Operation[], how: { group?: string } = {}): void {
    this.become(past.perform(this.history, operations, { ...how, at: Date.now() }));
  }

  undo(): void {
    this.become(past.undo(this.history));
  }

  redo(): void {
    this.become(past.redo(this.history));
  }

  /** The YAML text of the draft with its comments; null while it has none of its own. */
  text(): string | null {
    return this.source.of(this.history.draft.definition);
  }

  /**
   * Take text for the whole definition: one deed. Says where it cannot be read. `base`: the definition the text was
   * made of; what was changed elsewhere since then stays.
   */
  write(text: string, { base, group }: { base?: JsonObject; group?: string } = {}): Unreadable | null {
    const parsed = fromYaml(text);
    if ('error' in parsed) return parsed.error;
    const { editor, definition } = this.history.draft;
    const changes = diff(
      { definition: base ?? definition, editor },
      { definition: parsed.definition, editor },
    );
    const how = { at: Date.now(), ...(group ? { group } : {}) };
    const next = past.perform(this.history, [{ op: 'change', changes }], how);
    const exact = same(parsed.definition, next.draft.definition);
    this.source.begin(text, exact ? next.draft.definition : parsed.definition);
    this.textChanged = true;
    if (next === this.history) this.rest(REST_MS);
    this.become(next);
    return null;
  }

  /** Decide a conflict. */
  settle(conflict: Conflict, whose: 'mine' | 'theirs'): void {
    this.conflicts = this.conflicts.filter((each) => each !== conflict);
    if (whose === 'mine') this.perform([conflict.take]);
    this.keep();
    this.tell();
  }

  /** Do again what a page that is gone left, on the draft as it is now. */
  recover(record: JournalRecord): void {
    const { history, conflicts } = recovered(record, this.history.base);
    this.conflicts = [...this.conflicts, ...conflicts];
    this.become(history.log.reduce((now, step) => past.perform(now, step.operations), this.history));
    this.keep();
    void this.discard(record);
  }

  async discard(record: JournalRecord): Promise<void> {
    this.offered = this.offered.filter((each) => each !== record);
    this.tell();
    await this.writing;
    await this.journals?.drop(record);
  }

  /** The draft as it stands here, as text that can be imported. */
  exported(): string {
    return this.text() ?? toYaml(this.history.draft.definition);
  }

  /** Whether the platform knows this step already. */
  hasArrived(node: string): boolean {
    return nodeOf(this.history.base, node) !== undefined;
  }

  /** Nothing of it is on this device only. */
  isKept(): boolean {
    return this.saving === 'saved' && !this.isUnsaved() && this.conflicts.length === 0;
  }

  /** What is kept on this device. */
  record(): JournalRecord {
    const about = { workflow: this.workflowId, page: PAGE, at: Date.now(), rev: this.rev };
    return recordOf(this.history, { ...about, conflicts: this.conflicts });
  }

  /** Save now. Resolves when all is saved, or kept on this device because it cannot be. */
  async flush(given?: AbortSignal): Promise<void> {
    this.pause();
    do await this.save();
    while (this.saving === 'dirty' && !this.stopped && !given?.aborted);
    await this.writing;
  }

  /** Try again: the network is back, somebody signed in. */
  readonly wake = (): void => {
    this.retryMs = FIRST_RETRY_MS;
    if (this.isUnsaved()) this.rest(0);
  };

  private readonly leave = (): void => void this.flush();

  private isUnsaved(): boolean {
    return past.isDirty(this.history) || this.textChanged;
  }

  private become(history: past.History): void {
    if (history === this.history) return;
    this.history = history;
    this.keep();
    this.rest(REST_MS);
    this.tell();
  }

  private rest(ms: number): void {
    if (this.flight) return; // goes on when it has landed
    this.pause();
    if (this.saving !== 'offline' && this.saving !== 'signedOut') this.saving = 'dirty';
    this.timer = setTimeout(() => void this.save(), ms);
    this.tell();
  }

  private pause(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  /** The journal says what is unsaved; nothing is, no record. Writes follow one another. */
  private keep(): void {
    const { journals } = this;
    if (!journals) return;
    const record = this.isUnsaved() || this.conflicts.length > 0 ? this.record() : null;
    const write = (): Promise<void> =>
      record ? journals.put(record) : journals.drop({ workflow: this.workflowId, page: PAGE });
    this.writing = this.writing.then(write).catch(() => undefined); // a full disk must not stop the work
  }

  private save(): Promise<void> {
    this.flight ??= this.send().finally(() => {
      this.flight = null;
      this.follow();
    });
    return this.flight;
  }

  /** What to do after a request. */
  private follow(): void {
    if (this.stopped) return;
    if (this.saving === 'saving') this.saving = this.isUnsaved() ? 'dirty' : 'saved';
    if (this.saving === 'dirty') this.rest(REST_MS);
    if (this.saving === 'offline') {
      this.rest(this.retryMs);
      this.retryMs = Math.min(this.retryMs * 2, LATEST_RETRY_MS);
    }
    this.tell();
  }

  private async send(): Promise<void> {
    this.pause();
    if (this.saving === 'loading') return;
    if (this.isUnsaved() && (useSession.getState().ended || signedIn() !== this.owner)) {
      this.saving = 'signedOut';
      return;
    }
    const { draft, base } = this.history;
    const patch = this.patch(base, draft);
    this.history = past.sending(this.history);
    this.textChanged = false;
    this.saving = 'saving';
    this.tell();
    try {
      if (patch.length > 0) this.landed(await this.transport.save(patch, this.rev), draft);
      else this.history = past.arrived(this.history, draft);
      this.error = null;
      this.retryMs = FIRST_RETRY_MS;
    } catch (error) {
      this.history = past.lost(this.history);
      this.textChanged ||= patch.some(({ path }) => path === '/source');
      await this.failed(error);
    }
    this.keep();
  }

  private patch(base: Draft, draft: Draft): PatchOperation[] {
    const changes = diff(base, draft);
    const patch = patchOf(base, changes);
    const whole: PatchOperation[] = [
      { op: 'replace', path: '/definition', value: draft.definition },
      { op: 'replace', path: '/editor', value: draft.editor },
    ];
    const inDefinition = patch.some(({ path }) => path.startsWith('/definition'));
    const text = inDefinition || this.textChanged ? this.text() : null;
    const source: PatchOperation[] = text === null ? [] : [{ op: 'replace', path: '/source', value: text }];
    return [...(patch.length > MOST_OPERATIONS ? whole : patch), ...source];
  }

  private landed(saved: SavedDraft, sent: Draft): void {
    this.rev = saved.rev;
    this.history = past.arrived(this.history, sent);
    this.channel?.postMessage({ rev: saved.rev });
    if (!same(saved.definition, sent.definition) || !same(saved.editor, sent.editor)) this.merge(saved);
  }

  private async failed(error: unknown): Promise<void> {
    if (!(error instanceof ApiError)) {
      this.saving = 'refused'; // our own fault: do not try the same again and again
      throw error;
    }
    this.error = error;
    if (error.status === 412) {
      const theirs = draftIn(error) ?? (await this.transport.load().catch(() => null));
      this.saving = theirs ? 'dirty' : 'offline';
      if (theirs) this.merge(theirs);
      this.error = theirs ? null : error;
    } else if (error.status === 401) this.saving = 'signedOut';
    else
      this.saving = error.status === 0 || error.status === 429 || error.status >= 500 ? 'offline' : 'refused';
  }

  /** Put what others saved under what was done here. */
  private merge(theirs: SavedDraft): void {
    const { history, conflicts } = rebase(this.history, draftOf(theirs));
    this.history = history;
    this.rev = theirs.rev;
    const places = new Set(conflicts.map(placeOf));
    this.conflicts = [...this.conflicts.filter((each) => !places.has(placeOf(each))), ...conflicts];
    this.source.begin(theirs.source, theirs.definition);
    this.keep();
  }

  /** Another tab has saved. */
  private heard(message: unknown): void {
    const { rev } = message as { rev?: unknown };
    if (typeof rev !== 'number' || rev <= this.rev || this.flight) return;
    void this.pull().catch(() => undefined); // the next save learns of it
  }

  /** Take in what others have saved. */
  async pull(): Promise<void> {
    await this.flight;
    const theirs = await this.transport.load();
    if (this.flight || theirs.rev <= this.rev) return;
    this.merge(theirs);
    this.tell();
  }

  private snapshot(): DraftState {
    const { history, saving, rev, conflicts, offered, error } = this;
    return {
      ...{ saving, rev, conflicts, offered, error, draft: history.draft },
      canUndo: history.done.length > 0,
      canRedo: history.undone.length > 0,
      unsaved: history.log.length,
    };
  }

  private tell(): void {
    this.shown = this.snapshot();
    for (const call of this.calls) call();
  }
}

function signedIn(): unknown {
  return useSession.getState().me?.user?.id;
}

function placeOf({ target, path }: Conflict): string {
  return JSON.stringify([target, path]);
}

function draftOf({ definition, editor }: SavedDraft): Draft {
  return { definition, editor };
}

/** The draft a refusal carries. */
function draftIn(error: ApiError): SavedDraft | null {
  const { draft } = (error.problem ?? {}) as { draft?: SavedDraft };
  return draft && typeof draft.rev === 'number' ? { ...draft, source: draft.source ?? null } : null;
}

function savedDraft({ rev, definition, editor, source }: Schemas['Draft']): SavedDraft {
  return { rev, definition: definition as JsonObject, editor: editor as JsonObject, source: source ?? null };
}

/** The draft behind the interface. */
export function transportOf(workflowId: string): DraftTransport {
  const path = { workflow_id: workflowId };
  return {
    load: async () =>
      savedDraft(await answered(client.GET('/api/v1/workflows/{workflow_id}/draft', { params: { path } }))),
    save: async (patch, rev) =>
      savedDraft(
        await answered(
          client.PATCH('/api/v1/workflows/{workflow_id}/draft', {
            params: { path, header: { 'If-Match': `"${rev}"` } },
            body: patch as never, // a JSON Patch of the same shape, typed by the document
          }),
        ),
      ),
  };
}

function channelOf(workflowId: string): DraftChannel | null {
  return typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(`fermata:draft:${workflowId}`);
}

/** What a store knows; renders when it changes. */
export function useDraft(store: DraftStore): DraftState {
  return useSyncExternalStore(
    (call) => store.subscribe(call),
    () => store.state(),
  );
}
