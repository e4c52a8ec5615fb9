/** Every address of the screen and how one knows that it is there. A page that is added is added here. */
export const ROUTES = [
  { path: '/', shown: (page) => page.getByRole('heading', { level: 1 }) },
  { path: '/nothing/here', shown: (page) => page.getByRole('heading', { name: 'There is nothing here' }) },
];
