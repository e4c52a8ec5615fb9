import { Fragment } from 'react';

/** A sentence in which `names` stand in backticks, as the platform writes them. */
export function Marked({ text }: { text: string }) {
  return text
    .split('`')
    .map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : <Fragment key={at}>{part}</Fragment>));
}
