/**
 * Whether a page holds its words however they are set (WCAG 1.4.4, 1.4.10, 1.4.12): at 320 pixels wide, with text twice
 * as large, with more room between letters, words and lines. What is wide by its nature may scroll by itself.
 */
const WIDE = '[role=application], [role=grid], [role=table], table, pre, .cm-editor, textarea, input';
const SPACED = `* {
  line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important;
}
p { margin-block-end: 2em !important; }`;

const NARROW = { width: 320, height: 640 };
/** A window of 1440 pixels, all in it twice as large. */
const TWICE = { width: 720, height: 450 };
const WAYS = [
  ['320 px wide', { size: NARROW }],
  ['text spaced', { style: SPACED }],
  ['at 200 %', { size: TWICE }],
];

/** What does not fit, in words; the page is as before afterwards. */
export async function misfits(page, what) {
  const found = [];
  const before = page.viewportSize();
  for (const [way, { size, style = '' }] of WAYS) {
    if (size) await page.setViewportSize(size);
    await restyle(page, style);
    found.push(...(await page.evaluate(seen, WIDE)).map((one) => `${what}, ${way}: ${one}`));
    if (size) await page.setViewportSize(before);
  }
  await restyle(page, '');
  return found;
}

/** A style of the person's own: browsers let it past the policy of the page. */
async function restyle(page, style) {
  await page.evaluate(async (text) => {
    const own = (window.own ??= new CSSStyleSheet());
    if (!document.adoptedStyleSheets.includes(own)) document.adoptedStyleSheets.push(own);
    own.replaceSync(text);
    for (let frame = 0; frame < 2; frame += 1) await new Promise((done) => requestAnimationFrame(done));
  }, style);
}

/** What does not fit as the page stands. Runs there. */
function seen(wide) {
  const found = new Set();
  const root = [...document.querySelectorAll('[role=menu], [role=dialog]')].at(-1) ?? document.body;
  const named = (element) => {
    const text = (element.getAttribute('aria-label') ?? element.textContent).trim().replace(/\s+/g, ' ');
    return `<${element.tagName.toLowerCase()} class="${element.getAttribute('class') ?? ''}"> “${text.slice(0, 50)}”`;
  };
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const scrolls = (overflow) => /auto|scroll/.test(overflow);

  /** Its words are told elsewhere in full: a row leads to the step it is of. */
  const toldElsewhere = (element) =>
    element.closest('[role=row], [role=treeitem]') &&
    !element.closest('[role=columnheader], [data-column=status]');

  function acrossIn(element) {
    const { overflowX } = getComputedStyle(element);
    if (!scrolls(overflowX) || element.scrollWidth <= element.clientWidth + 1) return;
    if (element.closest(wide) || element.querySelector(`:scope > :is(${wide})`)) return;
    found.add(`scrolls across: ${named(element)}, ${element.scrollWidth} px in ${element.clientWidth}`);
  }

  /** What is left of a text within all that cuts it: its edges, and whether one can scroll to the rest. */
  function windowOf(element, rects) {
    const edges = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };
    let dotted = false;
    for (let at = element; at && at !== document.documentElement; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.clipPath !== 'none' || at.offsetWidth <= 1) return null; // it is for those who listen
      const box = at.getBoundingClientRect();
      const over = at.scrollWidth > at.clientWidth;
      if (style.overflowX !== 'visible') {
        Object.assign(edges, {
          left: Math.max(edges.left, box.left),
          right: Math.min(edges.right, box.right),
        });
        dotted ||=
          style.textOverflow === 'ellipsis' && over && rects.some(({ right }) => right > box.right + 1);
      }
      if (style.overflowY !== 'visible')
        Object.assign(edges, {
          top: Math.max(edges.top, box.top),
          bottom: Math.min(edges.bottom, box.bottom),
        });
      if (scrolls(style.overflowY) || (scrolls(style.overflowX) && over))
        return { edges, dotted, scrolled: true };
    }
    return { edges, dotted, scrolled: false };
  }

  /** Whether it is what one sees there. */
  function isOnTop(element, { left, top, right, bottom }) {
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return false;
    const there = document.elementFromPoint(x, y);
    const isPassed = getComputedStyle(element).pointerEvents === 'none' && there?.contains(element);
    return isPassed || element.contains(there);
  }

  const isBeyond = (rect, edges) =>
    rect.left < edges.left - 2 ||
    rect.right > edges.right + 2 ||
    rect.top < edges.top - 4 ||
    rect.bottom > edges.bottom + 4;

  const within = (rect, edges) => ({
    left: Math.max(rect.left, edges.left),
    right: Math.min(rect.right, edges.right),
    top: Math.max(rect.top, edges.top),
    bottom: Math.min(rect.bottom, edges.bottom),
  });

  /** A text of an element: says where it is cut, and answers the boxes it fills. */
  function boxesOf(element, text) {
    if (element.closest('svg, option, .cm-editor')) return [];
    const range = document.createRange();
    range.selectNodeContents(text);
    const rects = [...range.getClientRects()].filter(({ width, height }) => width > 1 && height > 1);
    const seenIn = windowOf(element, rects);
    if (seenIn === null) return [];
    const { edges, dotted, scrolled } = seenIn;
    if (dotted && !toldElsewhere(element)) found.add(`ends in dots: ${named(element)}`);
    if (!dotted && !scrolled && rects.some((rect) => isBeyond(rect, edges)))
      found.add(`is cut: ${named(element)}`);
    return rects
      .filter((rect) => isOnTop(element, rect))
      .map((rect) => ({ element, ...within(rect, edges) }));
  }

  function over(one, other) {
    const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
    const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
    // Boxes of lines reach beyond their letters.
    const least = 0.4 * Math.min(one.bottom - one.top, other.bottom - other.top);
    if (one.element !== other.element && across > 3 && down > least)
      found.add(`lie over one another: ${named(one.element)} and ${named(other.element)}`);
  }

  const { scrollWidth, clientWidth } = document.scrollingElement;
  if (scrollWidth > clientWidth + 1) found.add(`the page is ${scrollWidth} px wide in ${clientWidth}`);
  const boxes = [];
  for (const element of root.querySelectorAll('*')) {
    if (!isShown(element) || element.closest('[role=application]')) continue;
    acrossIn(element);
    for (const node of element.childNodes)
      if (node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== '')
        boxes.push(...boxesOf(element, node));
  }
  boxes.forEach((one, at) => boxes.slice(at + 1).forEach((other) => over(one, other)));
  return [...found];
}
