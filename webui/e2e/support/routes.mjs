/** Every address of the screen and how one knows that it is there. A page that is added is added here. */
const headed = (name) => (page) => page.getByRole('heading', { level: 1, name });

export const ROUTES = [
  { path: '/', shown: (page) => page.getByRole('heading', { level: 1 }) },
  { path: '/workflows', shown: headed('Workflows') },
  { path: '/executions', shown: headed('Executions') },
  { path: '/approvals', shown: headed('Approvals') },
  { path: '/nothing/here', shown: headed('There is nothing here') },
];
