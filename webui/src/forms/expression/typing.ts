/** Typing over a selection, without the browser's own way: it would write style attributes, which the policy forbids. */
import { EditorView } from '@codemirror/view';
import type { Extension } from '@codemirror/state';

export const typing: Extension = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    const { from, to, empty } = view.state.selection.main;
    const text = event.data;
    if (event.inputType !== 'insertText' || empty || !text || view.composing || view.state.readOnly)
      return false;
    event.preventDefault();
    const plain = () => view.state.update(view.state.replaceSelection(text), { userEvent: 'input.type' });
    const taken = view.state
      .facet(EditorView.inputHandler)
      .some((handler) => handler(view, from, to, text, plain));
    if (!taken) view.dispatch(plain());
    return true;
  },
});
