/** A workflow of thousands of steps in the builder, and where its places are on the screen. */
export const WIDE = 50;
/** The measure of the layout, from one step to the next. */
export const COLUMN = 272;
export const ROW = 80;
const NODE = { width: 200, height: 56 };

/** Chains beside one another, each step reading the one before it: `WIDE` rows, a column for each link. */
export function chains(size) {
  const nodes = Array.from({ length: size }, (_, at) => ({
    id: `n${at}`,
    type: 'transform',
    config: { output: at < WIDE ? at : `{{ steps.n${at - WIDE}.output }}` },
  }));
  const edges = nodes.flatMap(({ id }, at) => (at < WIDE ? [] : [{ from: `n${at - WIDE}`, to: id }]));
  return { nodes, edges };
}

export const nameAt = (column, row) => `n${column * WIDE + row}`;

/** Where the layout puts a step. */
export function cornerOf(id) {
  const at = Number(id.slice(1));
  return { x: Math.floor(at / WIDE) * COLUMN, y: (at % WIDE) * ROW };
}

export function graphOn(page) {
  /** Where the graph begins on the page, how large it is drawn, and the part of the page it has. */
  const view = () =>
    page.evaluate(() => {
      const layer = document.querySelector('[data-node]').parentElement;
      const { left, top, right, bottom } = layer.parentElement.getBoundingClientRect();
      const { a, e, f } = new DOMMatrix(getComputedStyle(layer).transform);
      return { x: left + e, y: top + f, zoom: a, left, top, right, bottom };
    });
  /** A place of the graph on the page. */
  const spot = async ({ x, y }) => {
    const { x: left, y: top, zoom } = await view();
    return [left + x * zoom, top + y * zoom];
  };
  const middle = (id) => {
    const { x, y } = cornerOf(id);
    return { x: x + NODE.width / 2, y: y + NODE.height / 2 };
  };
  const isSeen = ({ left, top, right, bottom, ...at }, { x, y }) => {
    const [one, other] = [at.x + x * at.zoom, at.y + y * at.zoom];
    return one > left && other > top && one + NODE.width * at.zoom < right - 8 && other < bottom - 120;
  };
  return {
    view,
    spot,
    middle,
    /** Whether a step is on the screen whole, beside what lies over the graph. */
    sees: async (id) => isSeen(await view(), cornerOf(id)),
    /** Larger or smaller, where the pointer is. */
    async zoomTo(wanted) {
      const { zoom } = await view();
      await page.keyboard.down('Control');
      await page.mouse.wheel(0, -Math.log(wanted / zoom) / 0.0064);
      await page.keyboard.up('Control');
      await page.waitForFunction((than) => {
        const layer = document.querySelector('[data-node]').parentElement;
        return Math.abs(new DOMMatrix(getComputedStyle(layer).transform).a / than - 1) < 0.02;
      }, wanted);
    },
    /** Move the picture until a place of it is so far from the upper left corner of what is seen. */
    async bring(place, [across, down] = [60, 24]) {
      const now = await view();
      const [x, y] = await spot(place);
      await page.mouse.move((now.left + now.right) / 2, (now.top + now.bottom) / 2);
      await page.mouse.wheel(x - now.left - across || 1, y - now.top - down);
      await page.waitForFunction(
        (wanted) => {
          const layer = document.querySelector('[data-node]').parentElement;
          return Math.abs(new DOMMatrix(getComputedStyle(layer).transform).e - wanted) < 2;
        },
        now.x - now.left - (x - now.left - across),
      );
    },
  };
}

/** Count the elements of the page at every frame, from its beginning: `most()` is the highest count so far. */
export async function countElements(context) {
  await context.addInitScript(() => {
    window.__most = 0;
    const all = document.getElementsByTagName('*');
    const look = () => {
      window.__most = Math.max(window.__most, all.length);
      requestAnimationFrame(look);
    };
    look();
  });
  return (page) => page.evaluate(() => window.__most);
}
