import { lazy } from 'react';
import { loadWords } from '../i18n';

/** The graph and its words, loaded when it is first shown. */
export const LazyGraph = lazy(async () => {
  const [{ WorkflowGraph }] = await Promise.all([import('./WorkflowGraph'), loadWords('graph')]);
  return { default: WorkflowGraph };
});
