/**
 * Every address, tab and overlay of the screen, and how one knows that it is there: judged by axe in
 * accessibility.mjs, taken as pictures by pictures/take.mjs. What is added to the screen is added here.
 *
 * `path` may ask the ids of `furnish`; `open` does what leads from the address to the scene.
 */
const headed = (name) => (page) => page.getByRole('heading', { level: 1, name });
const dialog = (name) => (page) => page.getByRole('dialog', { name });
const panel = (page) => page.getByRole('group', { name: 'Execution', exact: true });
const tree = (page) => page.getByRole('tree', { name: 'Steps' });
const step = (name) => (page) => tree(page).getByRole('treeitem', { name });
const pressed = (name) => (page) => page.getByRole('button', { name }).first().click();
const keyed = (id, key) => async (page) => {
  await step(id)(page).click();
  await page.keyboard.press(key);
};

export const PAGES = [
  { name: 'home', path: '/', shown: (page) => page.getByRole('heading', { level: 1 }) },
  { name: 'workflows', path: '/workflows', shown: (page) => page.getByRole('table', { name: 'Workflows' }) },
  {
    name: 'workflows-none',
    path: '/workflows?q=nobody-called-anything-so',
    shown: (page) => page.getByRole('heading', { name: 'No workflow fits the filters' }),
  },
  {
    name: 'executions',
    path: '/executions',
    shown: (page) => page.getByRole('table', { name: 'Executions' }),
  },
  { name: 'approvals', path: '/approvals', shown: (page) => page.getByRole('list', { name: 'Approvals' }) },
  {
    name: 'approval',
    path: '/approvals',
    open: (page) => page.getByRole('list', { name: 'Approvals' }).getByRole('button').first().click(),
    shown: (page) => page.getByRole('button', { name: 'Approve' }),
  },
  { name: 'nothing', path: '/nothing/here', shown: headed('There is nothing here') },
  {
    name: 'no-workflow',
    path: '/workflows/00000000-0000-7000-8000-000000000000',
    shown: headed('There is no such workflow'),
    refused: true,
  },
  {
    name: 'no-execution',
    path: '/executions/00000000-0000-7000-8000-000000000000',
    shown: headed('There is no such execution'),
    refused: true,
  },
];

export const TABS = [
  {
    name: 'workflow-graph',
    path: ({ workflow }) => `/workflows/${workflow}`,
    shown: (page) => page.getByRole('application'),
  },
  { name: 'workflow-builder', path: ({ workflow }) => `/workflows/${workflow}?tab=builder`, shown: tree },
  {
    name: 'workflow-builder-step',
    path: ({ workflow }) => `/workflows/${workflow}?tab=builder&node=packages`,
    shown: (page) => page.getByRole('textbox', { name: 'Label' }),
  },
  {
    name: 'workflow-expression',
    path: ({ workflow }) => `/workflows/${workflow}?tab=builder&node=parse`,
    open: (page) => page.getByRole('textbox', { name: 'text', exact: true }).click(),
    shown: (page) => page.getByRole('status', { name: 'Preview' }).locator('code'),
  },
  {
    name: 'workflow-code',
    path: ({ workflow }) => `/workflows/${workflow}?tab=builder&node=packages&pane=code`,
    shown: (page) => page.getByRole('textbox', { name: 'YAML of the draft' }),
  },
  {
    name: 'workflow-versions',
    path: ({ workflow }) => `/workflows/${workflow}?tab=versions`,
    shown: (page) => page.getByRole('region', { name: 'Compare' }),
  },
  {
    name: 'workflow-executions',
    path: ({ workflow }) => `/workflows/${workflow}?tab=executions`,
    shown: (page) => page.getByRole('table', { name: 'Executions' }),
  },
  ...['graph', 'table', 'timeline', 'events', 'iterations'].map((tab) => ({
    name: `execution-${tab}`,
    path: ({ asked }) => `/executions/${asked}?tab=${tab}`,
    shown: panel,
  })),
  {
    name: 'execution-step',
    path: ({ asked }) => `/executions/${asked}?tab=table&node=ask`,
    open: (page) => page.getByRole('row', { name: /Accept what is unknown/ }).click(),
    shown: (page) => page.getByRole('button', { name: 'Approve' }),
  },
  {
    name: 'execution-failed',
    path: ({ failed }) => `/executions/${failed}?tab=table`,
    open: (page) => page.getByRole('row', { name: /Charge the card/ }).click(),
    shown: (page) => page.getByRole('region', { name: 'Error' }),
  },
];

export const OVERLAYS = [
  {
    name: 'palette',
    path: '/',
    open: (page) => page.keyboard.press('Control+k'),
    shown: (page) => page.getByRole('combobox'),
  },
  {
    name: 'shortcuts',
    path: '/workflows',
    open: (page) => page.keyboard.press('?'),
    shown: dialog('Keyboard shortcuts'),
  },
  {
    name: 'account',
    path: '/',
    open: (page) => page.locator('nav [aria-haspopup=menu]').click(),
    shown: (page) => page.getByRole('menu', { name: 'Account' }),
  },
  { name: 'new-workflow', path: '/workflows', open: pressed('New workflow'), shown: dialog('New workflow') },
  ...['Blank', 'Import'].map((way) => ({
    name: `new-workflow-${way.toLowerCase()}`,
    path: '/workflows',
    open: async (page) => {
      await pressed('New workflow')(page);
      await page.getByRole('button', { name: way }).click();
    },
    shown: dialog('New workflow'),
  })),
  {
    name: 'row-menu',
    path: '/workflows',
    open: pressed('Actions for licence-audit'),
    shown: (page) => page.getByRole('menu'),
  },
  {
    name: 'run',
    path: ({ workflow }) => `/workflows/${workflow}`,
    open: pressed(/^Run/),
    shown: dialog('Run licence-audit'),
  },
  {
    name: 'cancel-chosen',
    path: '/executions?status=waiting',
    open: async (page) => {
      await page.getByRole('checkbox').first().check();
      await pressed('Cancel …')(page);
    },
    shown: dialog(/^Cancel 1 execution/),
  },
  {
    name: 'cancel',
    path: ({ asleep }) => `/executions/${asleep}`,
    open: pressed('Cancel'),
    shown: dialog('Cancel this execution?'),
  },
  ...[
    ['add', (page) => pressed('Add a step')(page), /^Add a step/],
    ['insert', keyed(/Parse the file/, 'a'), /^Add a step after/],
    ['connect', keyed(/Parse the file/, 'c'), /^Connect/],
    ['disconnect', keyed(/Parse the file/, 'x'), /^Disconnect/],
    ['move', keyed(/Parse the file/, 'Shift+I'), /^Move/],
    ['rename', keyed(/Parse the file/, 'F2'), /^Rename/],
  ].map(([name, open, title]) => ({
    name: `edit-${name}`,
    path: ({ workflow }) => `/workflows/${workflow}?tab=builder&node=parse`,
    open: async (page) => {
      await tree(page).waitFor();
      await open(page);
    },
    shown: dialog(title),
  })),
  {
    name: 'edit-menu',
    path: ({ workflow }) => `/workflows/${workflow}?tab=builder&node=packages`,
    open: async (page) => {
      await step(/Every pinned package/)(page).click();
      await page.keyboard.press('.');
    },
    shown: (page) => page.getByRole('menu'),
  },
];

/** The page in a scene; one that is already at the address is not loaded anew. `turn` makes another of an address. */
export async function enter(page, scene, ids, turn = (path) => path) {
  const path = turn(typeof scene.path === 'string' ? scene.path : scene.path(ids));
  const { pathname, search } = new URL(page.url());
  if (path !== pathname + search) await page.goto(path);
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  if (scene.open) await scene.open(page);
  await scene.shown(page).first().waitFor();
  await page.getByRole('status', { name: 'Loading', exact: true }).first().waitFor({ state: 'detached' });
}
