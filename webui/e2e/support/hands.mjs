/** A person at the builder: one builds with the mouse, one with the keyboard alone. Both know the same deeds. */
import assert from 'node:assert/strict';

const row = (page, id) => page.locator(`[data-row="${id}"]`);
const node = (page, id) => page.locator(`[data-node="${id}"]`);
const properties = (page) => page.getByRole('region', { name: 'Properties' });
/** The step that was added, once it is the one that is shown. */
const shown = (page, id) =>
  properties(page)
    .getByRole('heading', { name: new RegExp(`^${id}\\b`) })
    .waitFor();
const palette = (page) => page.getByRole('dialog', { name: /^(Add|Insert) a step/ });

/** What was done last is laid out: nothing moves any more but by hand. */
const settled = (page) => page.locator('[role=application]:not([aria-busy])').waitFor();

const taken = (select) => select.selectedOptions[0]?.textContent;

/** Turn the wheel, and be told when the picture has moved by it: the browser brings a turn of the wheel late. */
async function wheel(page, across) {
  const moved = await page.evaluateHandle(() => ({
    seen: new Promise((done) =>
      addEventListener('wheel', () => requestAnimationFrame(() => requestAnimationFrame(done)), {
        once: true,
      }),
    ),
  }));
  await page.mouse.wheel(across, 0);
  await moved.evaluate(({ seen }) => seen);
  await moved.dispose();
}

/** Where a step's name stands: of one that holds others, too, it is itself there. */
async function head(locator) {
  const { x, y } = await locator.boundingBox();
  return [x + 24, y + 16];
}

async function middle(locator) {
  const { x, y, width, height } = await locator.boundingBox();
  return [x + width / 2, y + height / 2];
}

export function mouse(page) {
  const graph = page.getByRole('application');
  const select = async (id) => {
    await row(page, id).click();
    await settled(page);
    await page.locator(`[data-node="${id}"][aria-pressed=true]`).waitFor();
  };
  /** Near the edge of the graph the picture moves on under what is carried: it is led to where its end is by then. */
  const drag = async (from, aim) => {
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move(from[0] + 12, from[1] + 12);
    for (let turn = 0; turn < 60; turn += 1) {
      const to = await aim();
      await page.mouse.move(...to, { steps: 3 });
      await page.evaluate(
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
      );
      const [x, y] = await aim();
      if (Math.hypot(x - to[0], y - to[1]) < 4) return page.mouse.up();
    }
    assert.fail('the end of a drag does not come to rest');
  };
  /** Both ends on the screen, moving the picture under the pointer. */
  const bring = async (id) => {
    const stage = await graph.boundingBox();
    for (let turn = 0; turn < 12; turn += 1) {
      const box = await node(page, id)
        .boundingBox({ timeout: 500 })
        .catch(() => null);
      const right = box ? box.x + box.width : Infinity;
      if (box && box.x > stage.x && right < stage.x + stage.width) return;
      await page.mouse.move(stage.x + stage.width / 2, stage.y + 8);
      await wheel(page, box && box.x <= stage.x ? -80 : 80);
    }
    assert.fail(`${id} does not come to be seen`);
  };
  const take = async (type) => {
    await palette(page).getByRole('searchbox').fill(type);
    await palette(page)
      .getByRole('button', { name: new RegExp(`^${type}`) })
      .first()
      .click();
  };
  const rename = async (id) => {
    await properties(page).getByRole('heading').getByRole('button').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill(id);
    await dialog.getByRole('button', { name: 'Rename' }).click();
    await shown(page, id);
  };
  return {
    async add(type, id, where) {
      if (where.first) await page.getByRole('button', { name: 'Add the first step' }).click();
      if (where.between) {
        const [from, to] = where.between;
        await select(from);
        await bring(to);
        const [a, b] = [await node(page, from).boundingBox(), await node(page, to).boundingBox()];
        await page.mouse.move((a.x + a.width + b.x) / 2 + 4, a.y + a.height / 2);
        await graph.getByRole('button', { name: `Insert a step in ${from} → ${to}` }).click();
      }
      if (where.after) {
        await select(where.after);
        await page.locator(`[data-of="${where.after}"][data-port="${where.port ?? 'out'}"]`).click();
      }
      if (where.inside) {
        await select(where.inside);
        await page.getByRole('button', { name: 'Palette' }).click();
        const offered = page.getByRole('region', { name: 'Palette' }).getByRole('button', { name: type });
        await offered.scrollIntoViewIfNeeded();
        await drag(await middle(offered), async () => {
          const { x, y, width, height } = await node(page, where.inside).boundingBox();
          return [x + width / 2, y + height - 8];
        });
        await page.getByRole('button', { name: 'Steps' }).click();
      } else await take(type);
      await rename(id);
    },
    async connect(from, port, to) {
      await select(from);
      await bring(to);
      const output = page.locator(`[data-of="${from}"][data-port="${port}"]`);
      // Both have come to rest then.
      await node(page, to).hover({ trial: true, position: { x: 24, y: 16 } });
      await output.hover();
      await drag(await middle(output), () => head(node(page, to)));
      const made = new RegExp(`^${from}(\\.${port})? → ${to}$`);
      await properties(page).getByText(made).first().waitFor();
    },
    workflow: () => page.getByRole('button', { name: 'Workflow', exact: true }).click(),
    edit: async () => undefined,
    done: async () => undefined,
    async fill(field, text) {
      // A press: what becomes an editor then is one before it is written in.
      await field.click();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText(text);
    },
    press: (control) => control.click(),
    choose: (field, value) => field.selectOption({ label: value }),
    /** A name in a list of names, with its field. */
    async entry(adder, name) {
      await adder.fill(name);
      await adder.press('Enter');
    },
  };
}

export function keyboard(page) {
  const graph = page.getByRole('application');
  const keys = page.keyboard;
  const standing = () => page.evaluate(() => document.activeElement?.dataset?.node ?? null);
  const stands = (id) =>
    page.waitForFunction((wanted) => document.activeElement?.dataset?.node === wanted, id);
  /** Tab, forward or back, until it has the focus. */
  const reach = async (target) => {
    for (let turn = 0; turn < 250; turn += 1) {
      const way = await target.evaluate((element) => {
        const now = document.activeElement;
        if (element.contains(now)) return null;
        const follows = element.compareDocumentPosition(now) & Node.DOCUMENT_POSITION_FOLLOWING;
        // A field that becomes an editor gives the focus on in a moment.
        return now === document.body ? '' : follows ? 'Shift+Tab' : 'Tab';
      });
      if (way === null) return;
      if (way) await keys.press(way);
      else if (turn > 200) await keys.press('Tab');
    }
    assert.fail(`${target} cannot be reached with Tab`);
  };
  const write = async (text) => {
    await keys.press('Control+a');
    await keys.insertText(text);
  };
  const goTo = async (id) => {
    for (let turn = 0; turn < 2 && (await standing()) !== id; turn += 1) await keys.press('ArrowLeft');
    if ((await standing()) === id) return;
    await keys.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await keys.insertText(`node ${id}`);
    await page
      .getByRole('option', { name: new RegExp(`\\b${id}$`) })
      .first()
      .waitFor();
    await keys.press('Enter');
    await stands(id);
  };
  const dialog = page.getByRole('dialog');
  const port = async (select, name, [there, back]) => {
    if (!name) return;
    await keys.press(there);
    await keys.type(name);
    assert.equal(await select.evaluate(taken), name);
    await keys.press(back);
  };
  return {
    async add(type, id, where) {
      if (where.first) await reach(graph);
      else await goTo(where.after ?? where.inside ?? where.between[0]);
      const before = await standing();
      await keys.press(where.inside ? 'i' : where.between ? 'Shift+A' : 'a');
      if (where.between) {
        await dialog.waitFor();
        // Asked for only where there is more than one connection.
        if ((await page.getByRole('dialog', { name: 'in a connection' }).count()) > 0) {
          await keys.type(where.between[0]);
          await keys.press('Enter');
        }
      }
      await palette(page).waitFor();
      await palette(page).locator('input:focus').waitFor();
      await port(palette(page).getByRole('combobox'), where.port, ['Tab', 'Shift+Tab']);
      await keys.insertText(type);
      await keys.press('Enter');
      await page.waitForFunction((old) => {
        const now = document.activeElement?.dataset?.node;
        return now !== undefined && now !== old;
      }, before);
      await keys.press('F2');
      await dialog.waitFor();
      await write(id);
      await keys.press('Enter');
      await stands(id);
    },
    async connect(from, name, to) {
      await goTo(from);
      await keys.press('c');
      const panel = page.getByRole('form', { name: `Connect ${from}` });
      await panel.waitFor();
      const select = panel.getByRole('combobox', { name: 'Leaves by' });
      await port(select, (await select.count()) > 0 ? name : null, ['Shift+Tab', 'Tab']);
      await keys.insertText(to);
      await panel.getByRole('option', { name: new RegExp(`\\b${to}\\b`), selected: true }).waitFor();
      await keys.press('Enter');
      await panel.waitFor({ state: 'detached' });
      await stands(from);
    },
    async workflow() {
      await keys.press('Escape');
      await properties(page).getByRole('heading', { name: 'Workflow' }).waitFor();
    },
    async edit() {
      await keys.press('Enter');
      await page.waitForFunction(() => document.activeElement?.matches('[data-pointer] *'));
    },
    async done() {
      for (let turn = 0; turn < 3 && (await standing()) === null; turn += 1) await keys.press('Escape');
      assert.notEqual(await standing(), null, 'Escape leads back to the graph');
    },
    async fill(field, text) {
      await reach(field);
      await write(text);
    },
    async press(control) {
      await reach(control);
      await keys.press('Enter');
    },
    async choose(field, value) {
      await reach(field);
      await keys.type(value);
      assert.equal(await field.evaluate(taken), value);
    },
    async entry(adder, name) {
      await reach(adder);
      await keys.insertText(name);
      await keys.press('Enter');
    },
  };
}
