import { loadWords } from '../i18n';
import { lazily } from '../ui/lazily';

/** The graph and its words, loaded when it is first shown. */
export const LazyGraph = lazily(async () => {
  const [{ WorkflowGraph }] = await Promise.all([import('./WorkflowGraph'), loadWords('graph')]);
  return { default: WorkflowGraph };
});
