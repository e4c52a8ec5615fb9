/**
 * The screen in the pseudo-language, whose words are long, accented and in brackets: what stands outside of brackets
 * and came from no answer of the platform was not translated.
 */
const DATA = /\/api\/v1\//;
const VOWELS = {
  a: '[aá]',
  e: '[eé]',
  i: '[ií]',
  o: '[oó]',
  u: '[uú]',
  A: '[AÁ]',
  E: '[EÉ]',
  I: '[IÍ]',
  O: '[OÓ]',
  U: '[UÚ]',
};
/** Dates, durations and distances come from the browser. */
const FROM_INTL =
  /\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|[AP]M|in|ago|now|yesterday|tomorrow|(second|minute|hour|day)s?)\b|\b\d[\d.,]*[ \u00a0]?(ms|s|m|h|d)\b/g;
const PART_OF_ID = /^[0-9a-f]{6,12}$/;
const APART = /[\s·›→/:,;()"“”…[\]{}#=+~-]+/;

/** The same address in the pseudo-language. */
export const pseudo = (path) => `${path}${path.includes('?') ? '&' : '?'}locale=en-XA`;

/** A page whose parts are found by their English names, whatever language it is in. */
export function byEnglish(page) {
  return new Proxy(page, {
    get(target, name) {
      if (name === 'getByRole')
        return (role, { name: wanted, exact, ...rest } = {}) =>
          target.getByRole(role, wanted === undefined ? rest : { ...rest, name: either(wanted, exact) });
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** As a form calls a member. */
function asLabel(name) {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function either(name, exact) {
  const source = typeof name === 'string' ? name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : name.source;
  const words = source.replace(/[aeiouAEIOU]/g, (vowel) => VOWELS[vowel]).replace(/^\^/, '^\\[?');
  return new RegExp(exact ? `^\\[?${words}~*\\]?$` : words, typeof name === 'string' && !exact ? 'i' : '');
}

/** Keeps what the platform said to a page, and tells what on the page is neither that nor translated. */
export function untranslated(page) {
  const data = new Set();
  const keep = (value) => {
    if (typeof value === 'string') data.add(value);
    else if (value !== null && typeof value === 'object')
      for (const [key, part] of Object.entries(value)) {
        data.add(key).add(asLabel(key));
        keep(part);
      }
  };
  const reading = new Set();
  page.on('response', (answer) => {
    if (!DATA.test(answer.url())) return;
    const read = answer.json().then(keep, () => undefined);
    reading.add(read);
  });
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => keep(JSON.parse(String(payload)))),
  );
  return async () => {
    await Promise.all(reading);
    keep(await page.evaluate(() => JSON.parse(document.querySelector('#me').textContent)));
    const whole = [...data].join('\n');
    const words = new Set(whole.split(APART));
    const isData = (text) =>
      data.has(text) ||
      (text.length > 12 && whole.includes(text)) ||
      text
        .split(APART)
        .every(
          (word) =>
            !/\p{L}{2}/u.test(word) || words.has(word) || (PART_OF_ID.test(word) && whole.includes(word)),
        );
    return (await page.evaluate(said))
      .map((text) =>
        text
          .replace(/\[[^[\]]*(\[[^[\]]*\][^[\]]*)*\]/g, ' ')
          .replace(FROM_INTL, ' ')
          .trim(),
      )
      .filter((text) => /\p{L}{2}/u.test(text) && !isData(text));
  };
}

/** Every text and every name on the page that somebody may see or hear. Runs there. */
function said() {
  const found = new Set();
  const apart = 'script, style, code, pre, kbd, textarea, .cm-editor, [aria-hidden=true]';
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    if (element.closest(apart) || !element.checkVisibility()) continue;
    if (node.nodeType === Node.TEXT_NODE) found.add(node.textContent.trim());
    else
      for (const name of [
        'aria-label',
        'title',
        'placeholder',
        'alt',
        'aria-roledescription',
        'aria-valuetext',
      ])
        if (node.hasAttribute(name)) found.add(node.getAttribute(name).trim());
  }
  return [...found];
}
